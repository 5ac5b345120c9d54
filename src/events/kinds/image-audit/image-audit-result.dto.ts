import {
  Flag,
  Float,
  Id,
  Int,
  NestedList,
  Text,
  TextList,
  Nested,
} from '../../dto/field.decorators.js';

/** Where something was found, px of the picture, all floating point. */
export class ImageAuditLocation {
  @Float() X?: number;
  @Float() Y?: number;
  @Float() Width?: number;
  @Float() Height?: number;
  /** Degrees. */
  @Float() Rotate?: number;
}

/** One finding inside a result. Which members are there depends on the list it stands in. */
export class ImageAuditDetail {
  @Id({ wire: 'number' }) Id?: string;
  @Text() Name?: string;
  @Text() Value?: string;
  /** 0 to 100. */
  @Int() Score?: number;
  /** Recognised text of an OCR finding, up to 5,000 bytes. */
  @Text() Text?: string;
  @Text({ aliases: ['label'] }) Label?: string;
  /** Keywords that an OCR finding matched. */
  @TextList() Keywords?: string[];
  /** Picture of the library that matched. */
  @Id({ wire: 'number' }) ImageId?: string;
  @Text() Tag?: string;
  @Nested(() => ImageAuditLocation) Location?: ImageAuditLocation;
}

/** Verdict for one scene: a label, an object, a text or a library match. */
export class ImageAuditResult {
  /** In samples, in no table. */
  @Flag({ wire: 'number' }) HitFlag?: boolean;
  /** Illegal, Porn, Sexy, Terror, QrCode, MapRecognition, PolityFace, OCR, Similar, … */
  @Text() Scene?: string;
  /** `Block`, `Review` or `Pass`. */
  @Text() Suggestion?: string;
  /** Open set: Normal, Porn, Abuse, Ad, Custom, … Written `label` in the tables. */
  @Text({ aliases: ['label'] }) Label?: string;
  @Text() SubLabel?: string;
  /** 0 to 100. */
  @Int() Score?: number;
  /** Names of recognised objects. */
  @TextList() Names?: string[];
  /** Recognised text, of OCR results. */
  @Text() Text?: string;
  @NestedList(() => ImageAuditDetail) Details?: ImageAuditDetail[];
}
