import { Flag, Float, Id, Int, NestedList, Text, TextList, Nested } from '../field.decorators.js';

/** Where something was found, px of the picture, all floating point. */
export class ImageAuditLocation {
  @Float({ optional: true })
  X?: number;

  @Float({ optional: true })
  Y?: number;

  @Float({ optional: true })
  Width?: number;

  @Float({ optional: true })
  Height?: number;

  /** Degrees. */
  @Float({ optional: true })
  Rotate?: number;
}

/** One finding inside a result. Which members are there depends on the list it stands in. */
export class ImageAuditDetail {
  @Id({ wire: 'number', optional: true })
  Id?: string;

  @Text({ optional: true })
  Name?: string;

  @Text({ optional: true })
  Value?: string;

  /** 0 to 100. */
  @Int({ optional: true })
  Score?: number;

  /** Recognised text of an OCR finding, up to 5,000 bytes. */
  @Text({ optional: true })
  Text?: string;

  @Text({ optional: true, aliases: ['label'] })
  Label?: string;

  /** Keywords that an OCR finding matched. */
  @TextList({ optional: true })
  Keywords!: string[];

  /** Picture of the library that matched. */
  @Id({ wire: 'number', optional: true })
  ImageId?: string;

  @Text({ optional: true })
  Tag?: string;

  @Nested(() => ImageAuditLocation, { optional: true })
  Location?: ImageAuditLocation;
}

/** Verdict for one scene: a label, an object, a text or a library match. */
export class ImageAuditResult {
  /** In samples, in no table. */
  @Flag({ optional: true, wire: 'number' })
  HitFlag?: boolean;

  /** Illegal, Porn, Sexy, Terror, QrCode, MapRecognition, PolityFace, OCR, Similar, … */
  @Text({ optional: true })
  Scene?: string;

  /** `Block`, `Review` or `Pass`. */
  @Text({ optional: true })
  Suggestion?: string;

  /** Open set: Normal, Porn, Abuse, Ad, Custom, … Written `label` in the tables. */
  @Text({ optional: true, aliases: ['label'] })
  Label?: string;

  @Text({ optional: true })
  SubLabel?: string;

  /** 0 to 100. */
  @Int({ optional: true })
  Score?: number;

  /** Names of recognised objects. */
  @TextList({ optional: true })
  Names!: string[];

  /** Recognised text, of OCR results. */
  @Text({ optional: true })
  Text?: string;

  @NestedList(() => ImageAuditDetail, { optional: true })
  Details!: ImageAuditDetail[];
}
