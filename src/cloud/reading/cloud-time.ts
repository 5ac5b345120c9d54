const BEIJING = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** A time as the read actions take it: `YYYY-MM-DDTHH:mm:ssZ`, in whole seconds. */
export function toCloudTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Unix milliseconds of a time of the cloud, without an offset that of Beijing; null for any other text. */
export function parseCloudTime(text: unknown): number | null {
  if (typeof text !== 'string') return null;
  const beijing = BEIJING.exec(text);
  const iso = beijing ? `${beijing[1]}T${beijing[2]}+08:00` : text;
  const time = ISO.test(iso) ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
