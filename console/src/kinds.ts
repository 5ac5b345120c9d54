/** The kinds of the module, in the order in which the protocol describes them. */
export const KINDS = [
  'stream-push',
  'stream-interrupt',
  'record-file',
  'record-status',
  'record-exception',
  'screenshot',
  'image-audit',
  'audio-audit',
  'push-error',
  'relay',
  'monitor',
  'subtitles',
  'quality-control',
  'eval-threshold',
  'eval-average',
  'smart-erase',
  'summary',
  'highlight',
  'unknown',
] as const;

/** Those whose URL a callback template holds. */
export const TEMPLATE_KINDS: readonly (typeof KINDS)[number][] = [
  'stream-push',
  'stream-interrupt',
  'record-file',
  'record-status',
  'record-exception',
  'screenshot',
  'image-audit',
  'audio-audit',
  'push-error',
];
