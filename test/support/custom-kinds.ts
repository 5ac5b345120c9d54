import { Exclude, Transform, Type } from 'class-transformer';
import { IsArray, IsInt, IsString, ValidateNested } from 'class-validator';

import { defineLiveEvent } from '../../src/index.js';

/*
 * Kinds of a host's own, as a host writes them: with the decorators of class-validator and
 * class-transformer alone.
 */

export class MixInputDto {
  @IsString()
  stream!: string;

  @IsInt()
  layer!: number;
}

export class MixDto {
  @IsInt()
  event_time!: number;

  @IsString()
  mix_id!: string;

  @Transform(({ value }: { value: unknown }) => String(value).toUpperCase())
  @IsString()
  layout!: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => MixInputDto)
  inputs!: MixInputDto[];

  get inputNames(): string {
    return this.inputs.map(({ stream }) => stream).join('+');
  }
}

/** What it says is not all that it was sent. */
export class BareDto {
  @IsString()
  note!: string;

  @Exclude()
  noise?: string;
}

declare module '../../src/index.js' {
  interface LiveEventMap {
    'test-mix': MixDto;
    'test-bare': BareDto;
  }
}

export const MIX = defineLiveEvent({
  kind: 'test-mix',
  eventType: 4021,
  dto: MixDto,
  occurredAt: ({ event_time }) => event_time * 1000,
  identity: ({ mix_id }) => [mix_id],
});

export const BARE = defineLiveEvent({ kind: 'test-bare', eventType: 4022, dto: BareDto });

let counter = 0;

/** A mixed stream, not signed yet. Each call makes another one. */
export function mixCallback(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_type: 4021,
    event_time: 1_764_000_000,
    domain: 'push.example.com',
    path: 'live',
    stream_id: 'mixed',
    mix_id: `mix-${counter++}`,
    layout: 'grid',
    inputs: [
      { stream: 'a', layer: 1 },
      { stream: 'b', layer: 2 },
    ],
    ...fields,
  };
}

/** Of the other kind. */
export function bareCallback(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return { event_type: 4022, stream_id: 'bare', note: `note ${counter++}`, ...fields };
}
