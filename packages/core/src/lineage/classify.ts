/**
 * From the names a gateway gives to what the site knows of them.
 *
 * @module
 */
import { folded } from '../json/alike.ts'
import type { DataNode, DataUse, Lineage, NamedData, Registry } from '@countersign/schema'

/** Data of a class with this level or a higher one is sensitive; the registry gives the levels. */
const sensitiveFrom = 50

/** What nobody registered counts as the configured worst class; what a gateway leaves out counts as unknown data. */
export function classify(lineage: Lineage, registry: Registry): DataUse {
  const reads = nodes(lineage.reads, registry)
  const writes = nodes(lineage.writes, registry)
  const classes = worstFirst(
    [...reads, ...writes].flatMap((node) => node.classes),
    registry,
  )
  const { destination, model } = lineage

  return {
    reads,
    writes,
    classes,
    sensitive: classes.some((name) => levelOf(name, registry) >= sensitiveFrom),
    ...(destination !== undefined && { destination: destinationOf(destination, registry) }),
    ...(model !== undefined && { model: modelOf(model, registry) }),
  }
}

function nodes(named: readonly NamedData[] | undefined, registry: Registry): DataNode[] {
  if (named === undefined) return [{ name: 'unknown', classes: [registry.unknownClass], known: false }]
  return named.map((data) => nodeOf(data, registry))
}

function nodeOf({ name, columns }: NamedData, registry: Registry): DataNode {
  const dataset = own(registry.datasets, name)
  const shown = { name, ...(columns && { columns }) }
  if (!dataset) return { ...shown, classes: [registry.unknownClass], known: false }

  const known = dataset.columns ?? {}
  const classes = [...dataset.classes, ...touched(columns, known).flatMap((column) => own(known, column) ?? [])]
  return { ...shown, classes: worstFirst(classes, registry), domain: dataset.domain, known: true }
}

/** Where nobody says which columns, or in words that are no plain name, it may be every one of them. */
function touched(columns: readonly string[] | undefined, known: Readonly<Record<string, unknown>>): string[] {
  const all = Object.keys(known)
  if (!columns?.every((column) => Object.hasOwn(known, column) || /^[\p{L}\p{M}\p{N}_$]+$/u.test(column))) return all
  const named = new Set(columns.map(folded))
  return all.filter((column) => named.has(folded(column)))
}

/** Each once. Wherever a list is cut, what is left out is no worse than what is shown. */
function worstFirst(classes: readonly string[], registry: Registry): string[] {
  return [...new Set(classes)].toSorted(
    (one, other) => levelOf(other, registry) - levelOf(one, registry) || (one < other ? -1 : 1),
  )
}

/** A class without a level is the worst there is. */
const levelOf = (name: string, registry: Registry): number => own(registry.classes, name) ?? 100

/** Somewhere nobody registered is outside. */
function destinationOf(name: string, registry: Registry): NonNullable<DataUse['destination']> {
  const found = own(registry.destinations, name)
  return { name, outside: found?.outside ?? true, known: found !== undefined }
}

function modelOf(name: string, registry: Registry): NonNullable<DataUse['model']> {
  const found = own(registry.models, name)
  return { name, external: found?.external ?? true, known: found !== undefined }
}

/** A name from outside must not find what every object inherits. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
