/** Names for the resources of the API, as its contract describes them. Spans are half-open source frames. */

import type { JsonSchema } from "./jsonSchema";

export type Uuid = string;
export type IsoTime = string;

export type JobStatus = "queued" | "running" | "done" | "failed" | "cancelled";

export type Job = {
  status: JobStatus;
  phase: string;
  done: number;
  total: number;
  fraction: number | null;
  rate: number | null;
  eta_s: number | null;
  attempt: number;
  error: string;
  cancel_requested: boolean;
  queued_at: IsoTime;
  started_at: IsoTime | null;
  finished_at: IsoTime | null;
  heartbeat_at: IsoTime | null;
};

export type Role = "viewer" | "reviewer" | "manager";

export type Preferences = Record<string, unknown>;

export type Me = {
  id: Uuid;
  username: string;
  display_name: string;
  email: string;
  is_superuser: boolean;
  preferences: Preferences;
  has_password: boolean;
};

export type Session = { user: Me | null; sign_up: boolean; version: string; demo_project: Uuid | null };

export type Token = {
  id: Uuid;
  name: string;
  prefix: string;
  created_at: IsoTime;
  last_used_at: IsoTime | null;
  secret?: string;
};

export type Label = { name: string; color: string };

export type PolicyMethod = "mad" | "quantile" | "mean_std" | "fixed";

export type Policy = {
  method: PolicyMethod;
  value: number;
  smooth_sigma_frames: number;
  hysteresis: number;
  merge_gap_s: number;
  min_length_s: number;
  pad_s: number;
};

export type ProjectCounts = {
  videos: number;
  ready: number;
  ingesting: number;
  rejected: number;
  runs: number;
  running: number;
  to_review: number;
};

export type Project = {
  id: Uuid;
  name: string;
  description: string;
  labels: Label[];
  policy: Partial<Policy>;
  is_demo: boolean;
  created_at: IsoTime;
  my_role: Role;
  counts: ProjectCounts;
  storage_bytes: number;
};

export type Member = {
  user: Uuid;
  username: string;
  display_name: string;
  role: Role;
  sign_in_link?: string;
};

export type OpenUpload = {
  id: Uuid;
  project: Uuid;
  name: string;
  length: number;
  offset: number;
  status: string;
  video: Uuid | null;
  created_at: IsoTime;
  expires_at: IsoTime;
};

export type VideoState = "ingesting" | "ready" | "rejected";

export type Sheets = {
  tile_width: number;
  tile_height: number;
  columns: number;
  rows: number;
  stride: number;
  count: number;
};

export type GroundTruthSpan = { start: number; stop: number; label: string };

export type Video = {
  id: Uuid;
  project: Uuid;
  name: string;
  state: VideoState;
  reason: string;
  warnings: string[];
  job: Job;
  size_bytes: number;
  sha256: string;
  container: string;
  codec: string;
  width: number;
  height: number;
  rotation: number;
  fps: number;
  fps_num: number;
  fps_den: number;
  proxy_fps: number;
  proxy_fps_num: number;
  proxy_fps_den: number;
  n_frames: number;
  duration_s: number;
  vfr: boolean;
  has_audio: boolean;
  sheets: Sheets | null;
  created_at: IsoTime;
  uploaded_by: string;
  urls: { proxy: string; poster: string; sheet: string; frame: string };
  motion: Job | null;
  to_review: number;
  ground_truth: GroundTruthSpan[];
};

export type Preset = { name: string; description: string; config: Record<string, unknown> };

export type DetectorCost = { train_s_per_1000_frames: number; score_s_per_1000_frames: number };

export type Detector = {
  name: string;
  title: string;
  summary: string;
  paper: string;
  presets: Preset[];
  schema: JsonSchema;
  sees: string;
  misses: string;
  needs_weights: boolean;
  weights_missing: string[];
  cost: Record<string, DetectorCost>;
};

export type RunMode = "merged" | "partial";

export type RunRequest = {
  project: Uuid;
  detector: string;
  preset: string;
  overrides: Record<string, unknown>;
  seed: number;
  device: string;
  mode: RunMode;
  train_videos: Uuid[] | null;
  score_videos: Uuid[] | null;
  name: string;
  client_key: Uuid;
};

export type EstimateRequest = Pick<
  RunRequest,
  "project" | "detector" | "preset" | "overrides" | "train_videos" | "score_videos"
>;

export type Estimate = { train_s: number | null; score_s: number | null; frames: number; note: string };

export type RunStage = "queued" | "training" | "scoring" | "done" | "failed" | "cancelled";

export type HeatmapMeta = {
  stride: number;
  offset: number;
  height: number;
  width: number;
  count: number;
  low: number;
  high: number;
  region: [number, number, number, number];
  kind: string;
};

export type RunVideo = {
  video: Uuid;
  name: string;
  trains: boolean;
  scores: boolean;
  job: Job | null;
  heatmap: HeatmapMeta | null;
  seconds: number | null;
};

export type RunProgress = {
  phase: string;
  fraction: number | null;
  done: number;
  total: number;
  rate: number | null;
  eta_s: number | null;
};

export type HistoryPoint = { epoch: number; [metric: string]: number };

export type RunMetrics = Record<string, unknown>;

export type Run = {
  id: Uuid;
  project: Uuid;
  name: string;
  detector: string;
  detector_title: string;
  preset: string;
  config: Record<string, unknown>;
  overrides: Record<string, unknown>;
  seed: number;
  device: string;
  device_used: string;
  mode: RunMode;
  code_version: string;
  created_by: string | null;
  created_at: IsoTime;
  stage: RunStage;
  job: Job;
  progress: RunProgress;
  history: HistoryPoint[];
  videos: RunVideo[];
  threshold: number | null;
  policy: Partial<Policy>;
  train_seconds: number | null;
  segments: number;
  to_review: number;
  error: string;
  metrics: RunMetrics | null;
  color_index: number;
};

export type Track = {
  id: Uuid;
  run: Uuid | null;
  video: Uuid;
  name: string;
  title: string;
  stride: number;
  offset: number;
  length: number;
  low: number;
  high: number;
  mean: number;
  std: number;
};

export type TrackWindow = {
  start: number;
  stop: number;
  step: number;
  level: number;
  min: number[];
  max: number[];
};

export type TrackValue = { track: Uuid; run: Uuid | null; name: string; value: number | null };

export type Decision = "accept" | "reject" | "unsure" | "withdrawn";

export type RejectReason = "" | "lighting" | "camera" | "normal" | "duplicate" | "other";

export type Verdict = {
  id: Uuid;
  client_key: Uuid;
  project: Uuid;
  video: Uuid;
  run: Uuid | null;
  subject: Uuid;
  drawn: boolean;
  reviewer: Uuid;
  reviewer_name: string;
  decision: Decision;
  start: number;
  stop: number;
  proposed_start: number | null;
  proposed_stop: number | null;
  labels: string[];
  reason: RejectReason;
  comment: string;
  seconds_spent: number;
  created_at: IsoTime;
};

type VerdictSubject =
  | { segment: Uuid; start?: number; stop?: number }
  | { video: Uuid; subject: Uuid; start: number; stop: number };

export type VerdictRequest = VerdictSubject & {
  client_key: Uuid;
  decision: Decision;
  labels?: string[];
  reason?: RejectReason;
  comment?: string;
  seconds_spent?: number;
};

export type VerdictSummary = {
  accepted: number;
  rejected: number;
  unsure: number;
  drawn: number;
  reviewers: unknown[];
  left: number;
};

export type Severity = "high" | "medium" | "low";

export type Segment = {
  id: Uuid;
  run: Uuid;
  video: Uuid;
  video_name: string;
  start: number;
  stop: number;
  peak_frame: number;
  score: number;
  severity: Severity;
  verdict: Verdict | null;
  others: { reviewer: string; decision: Decision }[];
};

export type SegmentOrder = "score" | "time" | "newest" | "threshold";

export type SegmentState = "open" | "decided" | "all";

export type PreviewRequest = { run: Uuid; policy: Partial<Policy>; threshold: number | null; video?: Uuid };

export type Preview = {
  threshold: number;
  segments: number;
  frames: number;
  minutes: number;
  per_video: Record<Uuid, number>;
  precision: number | null;
  recall: number | null;
  intervals?: { start: number; stop: number }[];
};

export type ProposeRequest = {
  run: Uuid;
  policy: Partial<Policy>;
  threshold: number | null;
  save_policy: boolean;
};

export type Dataset = {
  id: Uuid;
  project: Uuid;
  name: string;
  job: Job;
  size_bytes: number;
  sha256: string;
  content_sha256: string;
  counts: { videos: number; spans: number; abnormal_frames: number; frames: number };
  created_by: string | null;
  created_at: IsoTime;
  download: string | null;
};
