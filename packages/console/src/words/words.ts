/**
 * Countersign's states in words for people.
 *
 * @module
 */
import type { OutcomeView, ApprovalState, Standing } from '@countersign/schema'
import type { z } from 'zod'
import { duration } from './time.ts'

/** How a state looks; the word always stands beside it. */
export type Tone = 'calm' | 'good' | 'warn' | 'bad' | 'wait'

type State = z.infer<typeof ApprovalState>

export const stateWords: Readonly<Record<State, { word: string; tone: Tone }>> = {
  open: { word: 'Open', tone: 'wait' },
  granted: { word: 'Approved', tone: 'good' },
  spent: { word: 'Approved', tone: 'good' },
  rejected: { word: 'Rejected', tone: 'bad' },
  expired: { word: 'Expired', tone: 'calm' },
  cancelled: { word: 'Cancelled', tone: 'calm' },
  voided: { word: 'Voided', tone: 'warn' },
}

export const standingWords: Readonly<Record<Standing, { word: string; tone: Tone }>> = {
  denied: { word: 'Denied by policy', tone: 'bad' },
  waiting: { word: 'Waiting for people', tone: 'wait' },
  granted: { word: 'Approved, not yet run', tone: 'good' },
  rejected: { word: 'Rejected', tone: 'bad' },
  expired: { word: 'Expired', tone: 'calm' },
  cancelled: { word: 'Cancelled', tone: 'calm' },
  voided: { word: 'Voided', tone: 'warn' },
  running: { word: 'Running', tone: 'wait' },
  done: { word: 'Ran', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  unknown: { word: 'Outcome unknown', tone: 'warn' },
  unreported: { word: 'Not reported', tone: 'warn' },
}

export type RiskWord = 'low' | 'raised' | 'high' | 'critical'

/** From 30 on the default policy asks people; from 50 on a chat click no longer signs. */
export function riskWord(score: number): RiskWord {
  if (score < 30) return 'low'
  if (score < 50) return 'raised'
  return score < 80 ? 'high' : 'critical'
}

export const assuranceWords: Readonly<Record<'chat' | 'session' | 'fresh' | 'passkey', string>> = {
  chat: 'a linked chat account',
  session: 'a console session',
  fresh: 'a fresh sign-in',
  passkey: 'a passkey',
}

const counts = new Intl.NumberFormat('en-US')

export const count = (number: number): string => counts.format(number)

export const counted = (number: number, one: string, many = `${one}s`): string =>
  `${count(number)} ${number === 1 ? one : many}`

export function sizeWords(bytes: number): string {
  if (bytes < 1_000) return counted(bytes, 'byte')
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

const outcomeWord: Readonly<Record<OutcomeView['kind'], string>> = {
  running: 'running',
  done: 'ran',
  failed: 'failed',
  unknown: 'nobody knows how it went',
  unreported: 'the client has not reported',
}

/** What comes back to the card: `ran, 48,211 rows, 3.1 s`. What a client says of its own run is marked as that. */
export function outcomeWords({ kind, seenBy, rows, bytes, durationMs }: OutcomeView): string {
  const word = seenBy === 'client' ? `reported by the client: ${outcomeWord[kind]}` : outcomeWord[kind]
  return [
    word,
    ...(rows === undefined ? [] : [counted(rows, 'row')]),
    ...(rows === undefined && bytes !== undefined ? [sizeWords(bytes)] : []),
    ...(durationMs === undefined ? [] : [duration(durationMs)]),
  ].join(', ')
}

/** `finance-controllers`, `finance-controllers or cfo-office`, … */
export function either(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
