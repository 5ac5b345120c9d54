import type { EmulatedSession } from '../stream.history.js';
import type { Parameters, ParameterSpec } from './api.parameters.js';

/** What the read actions ask alike. */
export const PAGE: ParameterSpec = { PageNum: 'integer', PageSize: 'integer' };
export const STREAM: ParameterSpec = {
  DomainName: 'string',
  AppName: 'string',
  StreamName: 'string',
};

/** Whether a push is one that is asked for; what is not named does not matter. */
export function isOfStream(
  push: EmulatedSession,
  given: Parameters,
  isStrict: boolean,
  domainParameter = 'DomainName',
): boolean {
  const domain = given.optionalString(domainParameter)?.toLowerCase();
  const appName = given.optionalString('AppName');
  const streamName = given.optionalString('StreamName');
  return (
    (!domain || push.domain.toLowerCase() === domain) &&
    (!appName || push.appName === appName) &&
    (!streamName ||
      (isStrict ? push.streamName === streamName : push.streamName.includes(streamName)))
  );
}

/** Pushes by a key, in the order of the first of each. */
export function grouped(
  pushes: readonly EmulatedSession[],
  keyOf: (push: EmulatedSession) => string,
): readonly (readonly EmulatedSession[])[] {
  const groups = new Map<string, EmulatedSession[]>();
  for (const push of pushes) groups.set(keyOf(push), [...(groups.get(keyOf(push)) ?? []), push]);
  return [...groups.values()];
}
