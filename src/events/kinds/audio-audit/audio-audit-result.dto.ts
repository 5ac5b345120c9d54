import { Float, Id, Int, NestedList, Text, TextList } from '../../dto/field.decorators.js';

/** A stretch of sound with a label; times in seconds. */
export class AudioSegment {
  @Text() Label?: string;
  @Float() Score?: number;
  /** Seconds. */
  @Float() StartTime?: number;
  /** Seconds. */
  @Float() EndTime?: number;
}

/** Moaning that was recognised. */
export class AudioMoan extends AudioSegment {
  @Text() Suggestion?: string;
  @Text() SubLabel?: string;
}

/** A property of a speaker; times in milliseconds here. */
export class AudioTag {
  /** Teenager, Male or Female. */
  @Text() Name?: string;
  @Float() Score?: number;
  /** Milliseconds. */
  @Float() StartTime?: number;
  /** Milliseconds. */
  @Float() EndTime?: number;
}

/** What was recognised about speakers. */
export class AudioRecognition {
  /** Teenager or Gender. */
  @Text() Label?: string;
  @NestedList(() => AudioTag) Tags?: AudioTag[];
}

/** Where a keyword stands in the text. */
export class AudioTextPosition {
  @Int() Start?: number;
  @Int() End?: number;
}

/** Why a text was hit. */
export class AudioTextHit {
  /** Model or Keyword. */
  @Text() Type?: string;
  @Text() Keyword?: string;
  @Text() LibName?: string;
  @NestedList(() => AudioTextPosition) Positions?: AudioTextPosition[];
}

/** Verdict on the recognised text. */
export class AudioText {
  /** Open set: Normal, Porn, Abuse, Ad, Custom, … */
  @Text() Label?: string;
  @TextList() Keywords?: string[];
  @Id() LibId?: string;
  @Text() LibName?: string;
  @Int() LibType?: number;
  @Float() Score?: number;
  /** `Block`, `Review` or `Pass`. */
  @Text() Suggestion?: string;
  @Text() SubLabel?: string;
  @NestedList(() => AudioTextHit) HitInfos?: AudioTextHit[];
}
