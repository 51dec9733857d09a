/** Names for the resources of the API. Generated shapes (schema.d.ts), said more exactly where the schema cannot. */

import type { Plot } from "../plots/figure";
import type { JsonSchema } from "./jsonSchema";
import type { components } from "./schema";

type Schemas = components["schemas"];
/** An answer has every field; what a schema calls optional is optional in requests only. */
type Answer<Name extends keyof Schemas> = { -readonly [Key in keyof Schemas[Name]]-?: Schemas[Name][Key] };
type Said<Base, More> = Omit<Base, keyof More> & More;

export type Uuid = string;
export type IsoTime = string;

export type JobStatus = Schemas["JobStatus"];
export type Job = Answer<"Job">;
export type Role = Schemas["Role"];
export type Preferences = Record<string, unknown>;
export type Me = Answer<"Me">;
export type Session = Said<Answer<"Session">, { user: Me | null }>;
export type Token = Answer<"Token">;
/** `secret` is in this one answer and nowhere else. */
export type NewToken = Answer<"NewToken">;

export type Label = Schemas["Label"];
export type PolicyMethod = Schemas["MethodEnum"];
/** detectors.segments.Policy, whole. */
export type Policy = Required<Schemas["PolicyFieldsRequest"]>;

export type ProjectCounts = Answer<"ProjectCounts">;
export type Project = Said<
  Answer<"Project">,
  { policy: Partial<Policy>; detector_policies: Record<string, Partial<Policy>> }
>;
export type SavedPolicy = Said<Answer<"SavedPolicy">, { policy: Policy }>;
export type NewPolicyRequest = Schemas["NewPolicyRequest"];
export type RunChange = Answer<"RunChange">;
export type PolicyChange = Said<Answer<"PolicyChange">, { policy: Policy; job: Job; results: RunChange[] }>;
export type Member = Answer<"Member">;
/** With a link when an account was made for the new member. */
export type NewMember = Member & { sign_in_link?: string };

export type OpenUpload = Answer<"Upload">;
export type VideoState = Schemas["VideoState"];
export type Sheets = Answer<"Sheets">;
export type GroundTruthSpan = Answer<"GroundTruthSpan">;
export type Video = Said<Answer<"Video">, { ground_truth: GroundTruthSpan[] }>;
export type KnownSpan = Answer<"KnownSpan">;
export type GroundTruthMatch = Said<Answer<"Match">, { spans: KnownSpan[] }>;
export type GroundTruthPreview = Said<Answer<"GroundTruthPreview">, { matches: GroundTruthMatch[] }>;
export type GroundTruthImport = Answer<"GroundTruthImport">;

export type Cost = Answer<"Cost">;
export type Preset = Answer<"Preset">;
export type Detector = Said<Answer<"Detector">, { schema: JsonSchema }>;

export type RunMode = Schemas["RunMode"];
/** What one can ask for: supervised runs begin by teaching. */
export type NewRunMode = Schemas["NewRunMode"];
export type RunRequest = Required<Schemas["NewRunRequest"]>;
export type EstimateRequest = Required<Schemas["EstimateRequestRequest"]>;
export type Estimate = Answer<"Estimate">;
export type RunStage = Schemas["StageEnum"];
/** `region`: left, top, right, bottom as fractions of the displayed frame. */
export type HeatmapMeta = Said<
  Answer<"HeatmapMeta">,
  { region: [number, number, number, number]; top?: number }
>;
export type RunVideo = Said<Answer<"RunVideo">, { heatmap: HeatmapMeta | null }>;
export type RunProgress = Answer<"Progress">;
export type HistoryPoint = Record<string, number>;
export type Figures = Schemas["Figures"];
export type JudgedVideo = Answer<"JudgedVideo">;
export type JudgedLabel = Answer<"JudgedLabel">;
export type Judgement = Said<
  Answer<"Judgement">,
  {
    plots: Plot[];
    where: Schemas["Where"] | null;
    by_video: JudgedVideo[];
    by_label: JudgedLabel[];
  }
>;
export type RunMetrics = Schemas["Metrics"];
export type Run = Said<
  Answer<"Run">,
  {
    videos: RunVideo[];
    history: HistoryPoint[];
    policy: Partial<Policy>;
    metrics: RunMetrics | null;
    learned: Answer<"Learned"> | null;
  }
>;

export type Track = Answer<"Track">;
export type TrackWindow = Answer<"Window">;
export type TrackValue = Answer<"Value">;

export type Decision = Schemas["DecisionEnum"];
export type RejectReason = Schemas["ReasonEnum"] | "";
export type Verdict = Said<Answer<"Verdict">, { reason: RejectReason }>;

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
  settles?: boolean;
  /** client_key of the verdict of mine that this takes back; refused when I said something newer elsewhere */
  replaces?: Uuid;
};

export type BulkRequest = { client_key: Uuid; segments: readonly Uuid[]; decision: Decision };
export type BulkGiven = Said<Answer<"BulkGiven">, { verdicts: Verdict[] }>;

export type VerdictSummary = Answer<"VerdictSummary">;
export type Severity = Schemas["SeverityEnum"];
export type Segment = Said<Answer<"Segment">, { verdict: Verdict | null }>;
export type SegmentOrder =
  "score" | "time" | "newest" | "threshold" | "fused" | "uncertain" | "disagree" | "diverse";
export type SegmentState = "open" | "decided" | "unsure" | "conflict" | "suspect" | "all";
export type PreviewRequest = Schemas["PreviewQuestionRequest"];
export type Preview = Schemas["Preview"];
export type ProposeRequest = Schemas["ProposeRequest"];
export type Proposed = Answer<"Proposed">;

export type Patterns = Answer<"Map">;
export type PatternMap = Answer<"PatternMap">;
export type MapRequest = Required<Schemas["NewPatternMapRequest"]>;
export type SpanRequest = { video: Uuid; start: number; stop: number };
export type Selected = Said<Answer<"Selected">, { segments: Segment[] }>;
export type WindowPatterns = Answer<"WindowPatterns">;

export type Bands = Answer<"Bands">;
export type LabelHistory = Answer<"History">;

export type Why = Answer<"Why">;

export type DatasetCounts = Answer<"DatasetCounts">;
export type DatasetRequest = Required<Schemas["NewDatasetRequest"]>;
export type Dataset = Answer<"Dataset">;
export type TeachRequest = Required<Schemas["TeachRequest"]>;
export type Taught = Answer<"Taught">;
export type Comparison = Answer<"Comparison">;
export type RunEffort = Answer<"Effort">;
export type RunAudit = Answer<"EstimateOfRun">;
export type Lineage = Answer<"Lineage">;
