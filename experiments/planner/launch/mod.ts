/** Plans for launchers, and configurations of launchers as plans. @module */
export {
  checkLaunch,
  type LaunchCheck,
  type LaunchMismatch,
  type LaunchQuestion,
} from "./check_launch.ts";
export { type CheckRecord, checkRecord } from "./check_record.ts";
export { type InsteadPlan, type LaunchFile, launchFiles } from "./launch_files.ts";
export type { PlanChange } from "./plan_changes.ts";
export { type RepairedPlan, repairPlan } from "./repair_plan.ts";
export { checkVerdict, showCheck } from "./show_check.ts";
