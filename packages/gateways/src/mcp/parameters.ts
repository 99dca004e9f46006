/**
 * What is sealed of a `tools/call`, and what is sent of it: the canonical form of the sealed arguments, and nothing
 * else.
 *
 * @module
 */
import {
  canonical,
  CountersignError,
  type ExactJson,
  type GatewayContext,
  isPlainJson,
  parseExactJson,
} from '@countersign/core'
import type { Action, Json } from '@countersign/schema'
import { keepAt, revealAt } from '../meaning/secrets.ts'
import { isJsonObject } from './wire.ts'

export interface Parameters {
  readonly server: string
  readonly tool: string
  /** As text in its canonical form where it has numbers that a double cannot hold. */
  readonly arguments: string | { readonly [key: string]: Json }
  /** JSON pointers to where references stand. */
  readonly secrets: readonly string[]
}

const members = ['server', 'tool', 'arguments', 'secrets']

/** Of an action that is sealed. @throws ERR_INTERNAL for what is not sealed here */
export function parametersOf(sealed: Action['parameters']): Parameters {
  const { server, tool, arguments: args, secrets = [] } = sealed
  const known = Object.keys(sealed).every((name) => members.includes(name))
  const named = typeof server === 'string' && typeof tool === 'string'
  const given = typeof args === 'string' || isJsonObject(args)
  if (!known || !named || !given || !isPointers(secrets))
    throw new CountersignError('ERR_INTERNAL', 'the parameters are not as they are sealed')
  return { server, tool, arguments: args, secrets }
}

const isPointers = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')

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
  const { arguments: sealed, secrets: pointers } = parameters
  const json = typeof sealed === 'string' ? parseExactJson(sealed, { bytes: sealed.length, depth: 100 }) : sealed
  return canonical(await revealAt(json, pointers, (reference) => secrets.reveal(reference)))
}
