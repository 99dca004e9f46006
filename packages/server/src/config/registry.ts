/**
 * What Countersign knows of the site's data, wherever the configuration keeps it.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { CountersignError } from '@countersign/core'
import { Registry } from '@countersign/schema'
import type { Config } from './config.ts'
import { type ConfigProblem, readYaml, salvage } from './yaml.ts'

export interface ReadRegistry {
  /** What is wrong is left out of it. */
  readonly registry: Registry
  readonly problems: readonly ConfigProblem[]
  /** Its text; empty where it is written out in the configuration. */
  readonly text: string
}

type Named = Pick<Config, 'registry'>

/** Undefined where it is written out in the configuration. */
export const registryFile = ({ registry }: Named, baseDir: string): string | undefined =>
  typeof registry === 'string' ? resolve(baseDir, registry) : undefined

export function readRegistry(named: Named, baseDir: string): ReadRegistry {
  if (typeof named.registry !== 'string') return { registry: named.registry, problems: [], text: '' }
  const file = resolve(baseDir, named.registry)
  const text = textOf(file)
  const empty = Registry.parse({})
  if (typeof text !== 'string') return { registry: empty, problems: [text], text: '' }
  const yaml = readYaml(text, file)
  if (yaml.problems.length > 0) return { registry: empty, problems: yaml.problems, text }
  const { value = empty, wrong } = salvage(Registry, yaml.value ?? {})
  return { registry: value, problems: wrong.map(({ path, says }) => yaml.problem(path, says)), text }
}

/** @throws ERR_CONFIG_INVALID with a list of ConfigProblem as detail */
export function registryOf(named: Named, baseDir: string): Registry {
  const { registry, problems } = readRegistry(named, baseDir)
  if (problems.length > 0) throw new CountersignError('ERR_CONFIG_INVALID', problems)
  return registry
}

/**
 * For reloads: the same object while its text is the same.
 *
 * @throws ERR_POLICY_INVALID with a list of Problem
 */
export function rereadRegistry(named: Named, baseDir: string): () => Registry {
  let last: ReadRegistry | undefined
  return () => {
    const read = readRegistry(named, baseDir)
    if (read.problems.length > 0) {
      const problems = read.problems.map(({ file = '', line, column, path, says }) => ({
        file,
        line,
        column,
        policy: undefined,
        says: path === '' ? says : `${path}: ${says}`,
      }))
      throw new CountersignError('ERR_POLICY_INVALID', { problems })
    }
    if (last?.text !== read.text) last = read
    return last.registry
  }
}

function textOf(file: string): string | ConfigProblem {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException
    return { file, line: 1, column: 1, path: '', says: `This file cannot be read (${code}).` }
  }
}
