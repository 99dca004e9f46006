import { itBehavesLikeAStore } from '../conformance.ts'
import { createHandClock } from '../conformance/stage.ts'
import { createMemoryStore } from './memory.ts'

itBehavesLikeAStore(async (clock = createHandClock()) => createMemoryStore({ clock }))
