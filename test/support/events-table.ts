import type { EventDefinition } from '../../src/events/event-definition.js';

const HEAD = [
  'Kind',
  '`event_type`',
  'In the console',
  'Field of the callback template',
  'Route below the base path',
  'Signed',
  'DTO',
];

/** The event table of docs/receive.md, made from the catalog. */
export function eventsTable(definitions: readonly EventDefinition[]): string {
  const rows = definitions.map(({ kind, eventType, consoleName, notifyUrlField, signed, dto }) => [
    `\`${kind}\``,
    String(eventType),
    consoleName,
    notifyUrlField === undefined ? 'in the console only' : `\`${notifyUrlField}\``,
    `\`/${kind}\``,
    signed === false ? 'no' : 'yes',
    `\`${dto.name}\``,
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
