import { StreamStateDto } from '../../dto/stream-state.dto.js';

/** Push started, `event_type` 1 (docs/protocol.md, 4.1). */
export class StreamPushDto extends StreamStateDto {}
