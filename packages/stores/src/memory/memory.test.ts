import { itBehavesLikeAStore } from '../conformance.ts'
import { createManualClock } from '../conformance/stage.ts'
import { createMemoryStore } from './memory.ts'

itBehavesLikeAStore(async (clock = createManualClock()) => createMemoryStore({ clock }))
