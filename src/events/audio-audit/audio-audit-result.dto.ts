import { Float, Id, Int, NestedList, Text, TextList } from '../field.decorators.js';

/** A stretch of sound with a label; times in seconds. */
export class AudioSegment {
  @Text({ optional: true })
  Label?: string;

  @Float({ optional: true })
  Score?: number;

  /** Seconds. */
  @Float({ optional: true })
  StartTime?: number;

  /** Seconds. */
  @Float({ optional: true })
  EndTime?: number;
}

/** Moaning that was recognised. */
export class AudioMoan extends AudioSegment {
  @Text({ optional: true })
  Suggestion?: string;

  @Text({ optional: true })
  SubLabel?: string;
}

/** A property of a speaker; times in milliseconds here. */
export class AudioTag {
  /** Teenager, Male or Female. */
  @Text({ optional: true })
  Name?: string;

  @Float({ optional: true })
  Score?: number;

  /** Milliseconds. */
  @Float({ optional: true })
  StartTime?: number;

  /** Milliseconds. */
  @Float({ optional: true })
  EndTime?: number;
}

/** What was recognised about speakers. */
export class AudioRecognition {
  /** Teenager or Gender. */
  @Text({ optional: true })
  Label?: string;

  @NestedList(() => AudioTag, { optional: true })
  Tags!: AudioTag[];
}

/** Where a keyword stands in the text. */
export class AudioTextPosition {
  @Int({ optional: true })
  Start?: number;

  @Int({ optional: true })
  End?: number;
}

/** Why a text was hit. */
export class AudioTextHit {
  /** Model or Keyword. */
  @Text({ optional: true })
  Type?: string;

  @Text({ optional: true })
  Keyword?: string;

  @Text({ optional: true })
  LibName?: string;

  @NestedList(() => AudioTextPosition, { optional: true })
  Positions!: AudioTextPosition[];
}

/** Verdict on the recognised text. */
export class AudioText {
  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text({ optional: true })
  Label?: string;

  @TextList({ optional: true })
  Keywords!: string[];

  @Id({ optional: true })
  LibId?: string;

  @Text({ optional: true })
  LibName?: string;

  @Int({ optional: true })
  LibType?: number;

  @Float({ optional: true })
  Score?: number;

  /** `Block`, `Review` or `Pass`. */
  @Text({ optional: true })
  Suggestion?: string;

  @Text({ optional: true })
  SubLabel?: string;

  @NestedList(() => AudioTextHit, { optional: true })
  HitInfos!: AudioTextHit[];
}
