/**
 * `countersign policy explain`: why this answer, which policies, and what would change it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { classify, effectOf, riskOf } from '@countersign/core'
import { agentGroupsOf, createPolicyEngine, explain } from '@countersign/policy'
import { Resource, Verb } from '@countersign/schema'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Terminal } from './terminal.ts'
import { type PolicyOptions, sourceOf } from './policy.ts'
import { Stopped } from './stopped.ts'

const Asked = z.strictObject({
  agent: z.strictObject({ id: z.string(), groups: z.array(z.string()), team: z.string().default('team') }),
  verb: Verb,
  resource: Resource,
  environment: z.string().default('dev'),
  gateway: z.string().default('http'),
  reads: z.array(z.string()).default([]),
  writes: z.array(z.string()).default([]),
  destination: z.string().optional(),
  model: z.string().optional(),
  rows: z.number().int().nonnegative().optional(),
  purpose: z.boolean().default(false),
  hour: z.number().int().min(0).max(23).default(11),
  weekday: z.number().int().min(1).max(7).default(3),
})

/** `file` is YAML or JSON of one action. */
export async function policyExplain(
  terminal: Terminal,
  file: string,
  directory: string | undefined,
  options: PolicyOptions,
) {
  const parsed = Asked.safeParse(parse(readFileSync(resolve(terminal.cwd, file), 'utf8')))
  if (!parsed.success) throw new Stopped(2, `${file}: ${z.prettifyError(parsed.error)}`)
  const { agent, verb, resource, environment, gateway, hour, weekday, rows, purpose, destination, model } = parsed.data
  const source = sourceOf(terminal, directory, options)
  const { engine, close } = await createPolicyEngine(source)
  try {
    const name = (value: string) => ({ name: value })
    const dataUse = classify(
      {
        reads: parsed.data.reads.map(name),
        writes: parsed.data.writes.map(name),
        ...(destination !== undefined && { destination }),
        ...(model !== undefined && { model }),
      },
      source.registry,
    )
    const when = { hour, weekday }
    const effect = effectOf(verb)
    const risk = riskOf({ verb, effect, destructive: false, environment, dataUse, firstTime: false, when })
    const { id, groups, team } = agent
    const answer = explain(
      engine.active(),
      {
        action: {
          tenant: 'default',
          gateway,
          mode: 'enforcing',
          verb,
          operation: verb,
          resources: [resource],
          parameters: {},
          environment,
          agent: id,
        },
        resource,
        agent: { id, groups, team, owner: 'owner' },
        onBehalfOf: undefined,
        context: {
          risk: risk.score,
          dataUse,
          measures: rows === undefined ? {} : { rows },
          client: 'cli',
          purposeGiven: purpose,
          changes: effect !== 'read',
          when,
        },
      },
      { agentGroups: agentGroupsOf(source, source.registry) },
    )
    if (options.json) return terminal.say(JSON.stringify({ ...answer, risk }, undefined, 2))
    terminal.say(`${answer.decision.kind}: ${answer.says}`)
    terminal.say(
      `risk ${risk.score}: ${risk.signals.map((signal) => `${signal.name} +${signal.points}`).join(', ') || 'nothing'}`,
    )
    for (const { id: policy, kind, doc } of answer.policies) terminal.say(`  ${policy} (${kind}): ${doc}`)
    for (const { change, answer: other } of answer.changes) terminal.say(`  ${change} → ${other}`)
  } finally {
    close()
  }
}
