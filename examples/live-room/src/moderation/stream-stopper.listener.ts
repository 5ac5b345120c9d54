import { Injectable } from '@nestjs/common';
import { OnLiveEvent, type LiveEvent } from 'nestjs-live-callback';
import { TencentCloudApi } from 'nestjs-live-callback/cloud';

/** Stops a stream of which a picture is to be blocked. */
@Injectable()
export class StreamStopperListener {
  constructor(private readonly cloud: TencentCloudApi) {}

  /**
   * Not transactional: a transaction does not reach the cloud. It may be called twice, and stopping what
   * does not run succeeds. Five attempts take about five minutes; after that a person decides, since
   * another broadcast may run under the name by then.
   */
  @OnLiveEvent('image-audit', { id: 'stream-stopper', attempts: 5 })
  async stop({ stream, data }: LiveEvent<'image-audit'>) {
    if (data.suggestion !== 'Block') return;
    await this.cloud.call('DropLiveStream', {
      DomainName: stream.domain,
      AppName: stream.path,
      StreamName: stream.name,
    });
  }
}
