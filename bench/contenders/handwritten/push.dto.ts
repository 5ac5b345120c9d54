import { IsInt, IsOptional, IsString } from 'class-validator';

/** The fields of a push, as most teams declare them. */
export class PushDto {
  @IsInt() t!: number;
  @IsString() sign!: string;
  @IsInt() event_type!: number;
  @IsInt() appid!: number;
  @IsString() app!: string;
  @IsString() appname!: string;
  @IsString() stream_id!: string;
  @IsString() channel_id!: string;
  @IsInt() event_time!: number;
  @IsString() sequence!: string;
  @IsOptional() @IsString() node?: string;
  @IsOptional() @IsString() user_ip?: string;
  @IsOptional() @IsString() stream_param?: string;
  @IsOptional() @IsInt() errcode?: number;
  @IsOptional() @IsString() errmsg?: string;
  @IsOptional() @IsInt() set_id?: number;
  @IsOptional() @IsInt() idc_id?: number;
  @IsOptional() @IsInt() width?: number;
  @IsOptional() @IsInt() height?: number;
}
