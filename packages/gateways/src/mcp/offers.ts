/**
 * What agents may ask for here: each tool that has a rule, and all those that have none.
 *
 * @module
 */
import type { Offered } from '@countersign/core'
import { outright } from '../meaning/offers.ts'
import { type McpConfig, presetRules, type ServerConfig, type ToolRule } from './config.ts'

export const offersOf = ({ servers }: McpConfig): Offered[] =>
  Object.entries(servers).flatMap(([name, server]) => {
    const preset = server.preset === undefined ? {} : presetRules[server.preset]
    return [
      ...Object.entries({ ...preset, ...server.tools }).flatMap(([tool, rule]) => byRule(name, server, tool, rule)),
      { ...about(server, name, {}), name: 'tools without a rule', operation: undefined, path: ['servers', name] },
    ]
  })

function about({ environment }: ServerConfig, operation: string, rule: Partial<ToolRule>) {
  const told = outright(rule, { verb: 'tool.call', resource: undefined, hint: undefined })
  const unknown = { verb: 'tool.call', resource: undefined, changes: true } as const
  return { gateway: 'mcp', mode: 'enforcing', environment, ...(told ?? unknown), enforces: () => false } as const
}

function byRule(name: string, server: ServerConfig, tool: string, rule: ToolRule): Offered[] {
  if (typeof rule.verb === 'object') return [] // its arguments say what it is
  const operation = `${name}/${tool}`
  const isOwn = Object.hasOwn(server.tools, tool)
  const told = about(server, operation, rule)
  return [
    {
      ...told,
      resource: rule.resources ? told.resource : { kind: 'tool', name: operation },
      operation,
      name: operation,
      path: isOwn ? ['servers', name, 'tools', tool] : ['servers', name, 'preset'],
    },
  ]
}
