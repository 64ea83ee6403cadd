export { allocateBody, createKeyBody, putEndpointBody, putImageBody } from "./bodies.ts";
export {
  type CustomerEvent,
  customerEvent,
  type EndpointTest,
  endpointTest,
  eventType,
  type ProviderEvent,
  protocolVersion,
  providerEvent,
} from "./envelope.ts";
export {
  endpointLeaseMs,
  type ManagerFrame,
  managerCloseCodes,
  managerFrame,
  managerLeaseMs,
  type ProviderFrame,
  providerFrame,
  sensorsBody,
  standingBody,
  standingReply,
} from "./frames.ts";
export {
  customerMessage,
  customerView,
  jointConclusion,
  proposableTechnique,
  providerMessage,
} from "./messages.ts";
export {
  allocationList,
  conversationList,
  endpointReply,
  endpointTested,
  imageList,
  keyList,
  type ManagerReply,
  managerReply,
  type OfferView,
  offerView,
} from "./replies.ts";
export { protocolSchemas } from "./schemas.ts";
export {
  type AgreementView,
  type AllocationView,
  allocationView,
  type ConversationMessageView,
  conversationMessageView,
  customerTechniqueNames,
  type EndpointView,
  fallbackNames,
  type ImageView,
  imageView,
  type KeyView,
  keyScopeNames,
  type ManagerView,
  managerView,
  newEndpointReply,
  newKeyReply,
  type SensorReportView,
  type SensorView,
  sensorReportView,
} from "./views.ts";
