/**
 * What is sealed of a `tools/call`, and what is sent of it: the canonical form of the sealed arguments, and nothing
 * else.
 *
 * @module
 */
import { canonical, type ExactJson, type GatewayContext, isPlainJson, parseExactJson } from '@countersign/core'
import { Json } from '@countersign/schema'
import { z } from 'zod'
import { keepAt, revealAt } from '../meaning/secrets.ts'

export const Parameters = z.strictObject({
  server: z.string(),
  tool: z.string(),
  arguments: z
    .union([z.string(), z.record(z.string(), Json)])
    .describe('As text in its canonical form where it has numbers that a double cannot hold.'),
  secrets: z.array(z.string()).optional().describe('JSON pointers to where references stand.'),
})
export type Parameters = z.infer<typeof Parameters>

export interface Redacted {
  readonly parameters: Record<string, Json>
  /** The arguments as sealed: what expressions look at. */
  readonly args: ExactJson
}

/** Puts references where secrets stand. */
export async function redact(
  { server, tool, args }: { server: string; tool: string; args: { readonly [key: string]: ExactJson } },
  pointers: readonly string[],
  secrets: GatewayContext['secrets'],
): Promise<Redacted> {
  const { json, found } = await keepAt(args, pointers, (secret) => secrets.keep(secret))
  const parameters = {
    server,
    tool,
    arguments: isPlainJson(json) ? (json as { [key: string]: Json }) : canonical(json),
    ...(found.length > 0 && { secrets: [...found] }),
  }
  return { parameters, args: json }
}

/**
 * The arguments as they are sent: the text that was hashed, with the secrets in place. Whoever asked first, and in
 * which order, makes no difference.
 *
 * @throws ERR_SECRET_UNKNOWN
 */
export async function restore(parameters: Parameters, secrets: GatewayContext['secrets']): Promise<string> {
  const { arguments: sealed, secrets: pointers = [] } = parameters
  const json = typeof sealed === 'string' ? parseExactJson(sealed, { bytes: sealed.length, depth: 100 }) : sealed
  return canonical(await revealAt(json, pointers, (reference) => secrets.reveal(reference)))
}
