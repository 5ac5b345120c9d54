import { useLanguage, type TextKey } from '../language.js';

/** A shape besides the colour, for those who cannot tell colours apart. */
const SHAPES: Record<string, string> = {
  accepted: '●',
  done: '●',
  live: '●',
  interrupted: '◔',
  ended: '○',
  pending: '◔',
  unknown: '?',
  quarantined: '◆',
  dead: '✕',
  paused: '‖',
  open: '◆',
  discarded: '○',
  superseded: '○',
  reconciled: '◔',
};

/** The state of a callback, a delivery or a listener. */
export function State({ of }: { of: string }) {
  const language = useLanguage();
  return (
    <span class={`state state-${of}`}>
      <span aria-hidden="true">{SHAPES[of]}</span> {language.say(`state.${of}` as TextKey)}
    </span>
  );
}

/** A kind by its name in the language, with the name that programs know it by as its title. */
export function Kind({ of }: { of: string }) {
  const language = useLanguage();
  return <span title={of}>{language.sayIfKnown(`kind.${of}`) ?? of}</span>;
}
