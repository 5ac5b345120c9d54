import { StreamStateDto } from '../stream-state.dto.js';

/** Push started, `event_type` 1 (doc 267/38081). */
export class StreamPushDto extends StreamStateDto {}
