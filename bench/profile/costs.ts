import type { Call, CallFrame } from './cpu-profile.js';

/** Something that takes time, and how much. */
export interface Cost {
  readonly name: string;
  readonly micros: number;
}

/** Adds up the time of the calls under a name, largest first. */
export function costsBy(calls: readonly Call[], nameOf: (call: Call) => string): Cost[] {
  const sums = new Map<string, number>();
  for (const call of calls) {
    const name = nameOf(call);
    sums.set(name, (sums.get(name) ?? 0) + call.selfMicros);
  }
  return [...sums]
    .map(([name, micros]) => ({ name, micros }))
    .toSorted((a, b) => b.micros - a.micros);
}

/**
 * Who causes a cost: the nearest file of this project on the stack, with all that it calls in packages
 * and in Node; where there is none, the nearest package; else the part of Node itself.
 */
export function causeOf(call: Call): string {
  let nearestPackage: string | undefined;
  for (let at: Call | undefined = call; at; at = at.parent) {
    const place = placeOf(at.frame);
    if (place.startsWith('src/')) return place;
    if (at.frame.url.includes('/node_modules/')) nearestPackage ??= place;
  }
  return nearestPackage ?? placeOf(call.frame);
}

/** The function with its file and line. */
export function functionOf({ frame, parent }: Call): string {
  const name = frame.functionName || '(anonymous)';
  if (frame.url !== '') return `${name} ${placeOf(frame)}:${frame.lineNumber + 1}`;
  return name.startsWith('(') || !parent ? name : `${name}, called in ${placeOf(parent.frame)}`;
}

/** File of this project, package, part of Node, or what V8 calls it. */
export function placeOf({ url, functionName }: CallFrame): string {
  const own = /\/\.bench-[^/]+\/((?:src|bench)\/.+)\.js$/.exec(url);
  if (own) return `${own[1]}.ts`;
  const fromPackage = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (fromPackage?.[1]) return fromPackage[1];
  const fromNode = /^node:(?:internal\/)?([^/]+)/.exec(url);
  if (fromNode) return `node:${fromNode[1]}`;
  if (url !== '') return url;
  return functionName.startsWith('(') ? functionName : '(native)';
}
