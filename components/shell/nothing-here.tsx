import Link from "next/link";
import { PlainPage } from "./plain-page.tsx";

export function NothingHere() {
  return (
    <PlainPage>
      <h1>Nothing here</h1>
      <p>There is no page at this address, or it is not yours to see.</p>
      <p>
        <Link href="/">To the cloud</Link>
      </p>
    </PlainPage>
  );
}
