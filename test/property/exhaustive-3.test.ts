import { exhaustivePart } from "./exhaustive.ts";

exhaustivePart(3);
