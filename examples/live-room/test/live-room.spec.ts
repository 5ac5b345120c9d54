import {
  imageAuditCallback,
  recordFileCallback,
  streamInterruptCallback,
  streamPushCallback,
} from 'nestjs-live-callback/testing';

import { startLiveRoom } from './live-room.js';

let room: Awaited<ReturnType<typeof startLiveRoom>>;
beforeEach(async () => {
  room = await startLiveRoom();
});
afterEach(() => room.stop());

const NOW = Math.floor(Date.now() / 1000);
const LOBBY = { stream_id: 'lobby', sequence: '7001' };
const push = (fields = {}) => streamPushCallback({ ...LOBBY, event_time: NOW - 600, ...fields });
const end = (fields = {}) =>
  streamInterruptCallback({ ...LOBBY, event_time: NOW, push_duration: '600000', ...fields });

describe('a room', () => {
  it('is live from its push to its interruption, and has a broadcast more then', async () => {
    await room.post('/rooms', { name: 'lobby', title: 'The lobby' });
    const lobby = { name: 'lobby', title: 'The lobby' };
    expect(await room.get('/rooms')).toEqual([{ ...lobby, liveSince: null }]);

    expect(await room.send(push())).toBe(200);
    const startedAt = new Date((NOW - 600) * 1000).toISOString();
    expect(await room.get('/rooms')).toEqual([{ ...lobby, liveSince: startedAt }]);

    await room.send(end());
    expect(await room.get('/rooms')).toEqual([{ ...lobby, liveSince: null }]);
    expect(await room.get('/rooms/lobby/broadcasts')).toMatchObject([
      { startedAt, endedAt: new Date(NOW * 1000).toISOString(), endReason: expect.any(String) },
    ]);
  });

  it('needs a name that a stream can have', async () => {
    const answer = await room.post('/rooms', { name: 'a b', title: 'Spaced' });
    expect(answer.status).toBe(400);
  });
});

describe('a recording', () => {
  it('is in the list once, although CSS tells of it twice', async () => {
    const file = recordFileCallback({ stream_id: 'lobby', duration: 154 });
    await room.send(file);
    await room.send(file);
    const [recording, ...more] = await room.get<object[]>('/recordings?room=lobby');
    expect(recording).toMatchObject({ room: 'lobby', seconds: 154, url: file.video_url });
    expect(more).toEqual([]);
    expect(await room.get('/recordings?room=attic')).toEqual([]);
  });
});

describe('moderation', () => {
  it('stops a stream whose picture is to be blocked', async () => {
    const found = imageAuditCallback({ streamId: 'lobby', suggestion: 'Block', label: 'Porn' });
    await room.send(found);
    const parameters = { DomainName: 'push.example.com', AppName: 'live', StreamName: 'lobby' };
    expect(room.cloudCalls).toEqual([{ action: 'DropLiveStream', parameters }]);
    expect(await room.get('/verdicts')).toMatchObject([
      { room: 'lobby', suggestion: 'Block', label: 'Porn', picture: found.img },
    ]);
  });

  it('leaves to people what is to be reviewed', async () => {
    await room.send(imageAuditCallback({ streamId: 'lobby', suggestion: 'Review' }));
    expect(room.cloudCalls).toEqual([]);
    expect(await room.get('/verdicts')).toMatchObject([{ room: 'lobby', suggestion: 'Review' }]);
  });
});

describe('billing', () => {
  it('counts the minutes of a broadcast once, however often its end is told', async () => {
    await room.send(push());
    await room.send(end());
    await room.send(end());
    expect(await room.get('/bills')).toEqual([{ room: 'lobby', minutes: 10 }]);
  });

  it('counts the minute that a broadcast of less than a second has begun', async () => {
    await room.send(push({ event_time: NOW }));
    await room.send(end({ push_duration: '630' }));
    expect(await room.get('/bills')).toEqual([{ room: 'lobby', minutes: 1 }]);
  });

  it('makes good what a callback that comes late shows', async () => {
    await room.send(end({ push_duration: undefined }));
    expect(await room.get('/bills')).toEqual([{ room: 'lobby', minutes: 1 }]);
    await room.send(push());
    expect(await room.get('/bills')).toEqual([{ room: 'lobby', minutes: 10 }]);
  });
});
