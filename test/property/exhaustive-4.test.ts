import { exhaustivePart } from "./exhaustive.ts";

exhaustivePart(4);
