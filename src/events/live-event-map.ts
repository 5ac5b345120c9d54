import type { EVENT_DEFINITIONS } from './event-definitions.js';
import type { JsonObject } from './payload/payload.js';

type CatalogEntry = (typeof EVENT_DEFINITIONS)[number];
type CatalogMap = {
  [Entry in CatalogEntry as Entry['kind']]: InstanceType<Entry['dto']>;
};

/** From kind to payload, after the catalog. Hosts add their own kinds by declaration merging. */
export interface LiveEventMap extends CatalogMap {
  /** Authentic, but of an `event_type` that nobody has described: the JSON as sent. */
  unknown: JsonObject;
}
