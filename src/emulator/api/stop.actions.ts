import { STOPPED_OR_REPLACED, type StreamControl } from '../stream.control.js';
import type { Actions } from './action.js';
import { isOfStream } from './stream.question.js';

/** The actions that stop what runs. One that names a stream which does not run succeeds too. */
export function stopActions(control: StreamControl): Actions {
  return {
    DropLiveStream: {
      parameters: { DomainName: 'string!', AppName: 'string!', StreamName: 'string!' },
      run: (given) => {
        const asked = control.streams().filter(({ session }) => isOfStream(session, given, true));
        for (const stream of asked) stream.interrupt({ errcode: STOPPED_OR_REPLACED });
        return {};
      },
    },
  };
}
