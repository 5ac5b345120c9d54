const BEIJING_OFFSET_MS = 8 * 3_600_000;
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const BEIJING = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;

/** A time as `YYYY-MM-DD HH:mm:ss` in Beijing. */
export function beijingTime(time: number): string {
  return new Date(time + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** A time as `YYYY-MM-DDTHH:mm:ssZ`. */
export function utcTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** A time in one of the two forms of the cloud, Unix milliseconds; undefined for any other text. */
export function parseCloudTime(text: string): number | undefined {
  const beijing = BEIJING.exec(text);
  const iso = beijing ? `${beijing[1]}T${beijing[2]}+08:00` : text;
  const time = UTC.test(iso) ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/** Writes times in the form in which a caller wrote the given one. */
export function formatLike(sample: string): (time: number) => string {
  return BEIJING.test(sample) ? beijingTime : utcTime;
}
