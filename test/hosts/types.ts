/** What every way to resolve modules has to find. */
import { LiveCallbackModule, type LiveEvent } from 'nestjs-live-callback';
import type { LiveEventBrokerModule } from 'nestjs-live-callback/broker';
import type { LiveCallbackBullModule } from 'nestjs-live-callback/bullmq';
import { signCallback, streamPushCallback } from 'nestjs-live-callback/testing';

declare module 'nestjs-live-callback' {
  interface LiveEventMap {
    'stream-mix': { mix_id: string };
  }
}

export const live = LiveCallbackModule.forRoot({ keys: 'KeyForTheHostOfThePackage' });
export const request: RequestInit = signCallback(streamPushCallback(), { key: 'key' });
export const mixOf = ({ data }: LiveEvent<'stream-mix'>): string => data.mix_id;
export type Parts = [typeof LiveCallbackBullModule, typeof LiveEventBrokerModule];
// @ts-expect-error: not any, which a module that is not found would be.
export type Unknown = LiveEvent<'stream-nix'>;
