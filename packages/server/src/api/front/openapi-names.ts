/**
 * The schemas that the OpenAPI document names, so that it says each shape once.
 *
 * @module
 */
import {
  ActionSummary,
  ActionView,
  AgentView,
  Card,
  DataUse,
  EventHint,
  Explanation,
  FlowView,
  Json,
  LastRun,
  LedgerView,
  LineageEdgeView,
  LineageView,
  Me,
  OutcomeView,
  PersonView,
  PolicyInForce,
  PolicyView,
  PolicyUse,
  PolicyTests,
  PolicyFiles,
  CandidateView,
  TextExplanation,
  ExplainInput,
  Problem,
  ApprovalSummary,
  ApprovalView,
  SignatureView,
  SignInput,
  SignOffView,
  TimelineEntry,
  ToolDefinition,
  ToolView,
} from '@countersign/schema'
import { z } from '@hono/zod-openapi'

const schemas: Readonly<Record<string, z.ZodType>> = {
  ActionSummary,
  ActionView,
  AgentView,
  Card,
  DataUse,
  EventHint,
  Explanation,
  FlowView,
  Json,
  LastRun,
  LedgerView,
  LineageEdgeView,
  LineageView,
  Me,
  OutcomeView,
  PersonView,
  PolicyInForce,
  PolicyView,
  PolicyUse,
  PolicyTests,
  PolicyFiles,
  CandidateView,
  TextExplanation,
  ExplainInput,
  Problem,
  ApprovalSummary,
  ApprovalView,
  SignatureView,
  SignInput,
  SignOffView,
  TimelineEntry,
  ToolDefinition,
  ToolView,
}

/**
 * The library adds `openapi` to schemas made after it was loaded; ours may be older, depending on who imports first.
 * So it is called here on each of them, once.
 */
const { openapi } = (z.ZodType as unknown as { prototype: { openapi(this: z.ZodType, name: string): z.ZodType } })
  .prototype

const names = new Map(Object.entries(schemas).map(([name, schema]) => [schema, openapi.call(schema, name)]))

/** The schema by its name in the document, if it has one; else the schema itself. */
export const named = <Schema extends z.ZodType>(schema: Schema): Schema =>
  (names.get(schema) as Schema | undefined) ?? schema
