import { simulationPart } from "./layer.ts";

simulationPart(1);
