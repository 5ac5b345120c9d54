import { Length, Matches } from 'class-validator';

export class CreateRoomDto {
  /** The name of its stream. */
  @Matches(/^[\w-]{1,64}$/)
  name!: string;

  @Length(1, 200)
  title!: string;
}
