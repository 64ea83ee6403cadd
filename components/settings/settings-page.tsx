"use client";

import type { LiveCloud } from "../../lib/client/index.ts";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { ImagesPanel } from "../collaboration/images-panel.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Hooks } from "./hooks.tsx";
import { OfferPanel } from "./offer-panel.tsx";
import { PolicyPanel } from "./policy-panel.tsx";

/** What the provider sets for the whole cloud. */
export function SettingsPage() {
  return <WithCloud title="Settings">{(cloud) => <Settings cloud={cloud} />}</WithCloud>;
}

function Settings({ cloud }: { readonly cloud: LiveCloud }) {
  return (
    <>
      <PageHead title="Settings">
        <span>for the whole cloud</span>
      </PageHead>
      {cloud.policy === null ? null : <PolicyPanel policy={cloud.policy} />}
      {cloud.policy === null ? null : <OfferPanel policy={cloud.policy} />}
      <ImagesPanel images={cloud.images} mayChange />
      <Hooks hooks={cloud.hooks} />
    </>
  );
}
