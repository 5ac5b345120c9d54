// The module
export { LiveEventBrokerModule } from './live-event-broker.module.js';
export type { ForwardedEvent, LiveEventBrokerOptions } from './live-event-broker.options.js';
export { LiveEventBrokerError } from './live-event-broker.error.js';

// For the options of clients, and of Nest microservices that consume
export { CloudEventSerializer } from './cloud-event.serializer.js';
export { CloudEventDeserializer } from './cloud-event.deserializer.js';

// For a transport of the host's own
export { toCloudEvent } from './cloud-event.mapper.js';
