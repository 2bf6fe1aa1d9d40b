// Assigns rows to columns of equal loads, in one workgroup. The steps are told in assign.ts.
struct Params {
  rows: u32, columns: u32, pitch: u32, capacity: u32, sharpenings: u32, updates: u32, swaps: u32,
};

@group(0) @binding(0) var<storage, read> x: array<f32>;
// First the normaliser of each row, then the best gain of each pair of columns.
@group(0) @binding(1) var<storage, read_write> numbers: array<f32>;
// The rows of each column, `capacity` places each, then the place of the best gain of each pair.
@group(0) @binding(2) var<storage, read_write> members: array<u32>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<uniform> p: Params;

const THREADS = 256u;
const PROPOSED = 0x80000000u;
const FREE = 0xffffffffu;
const NOTHING = 0xfffffffeu;
const LOWEST = -3.4028234e38;
var<workgroup> prices: array<f32, THREADS>;
var<workgroup> parts: array<f32, THREADS>;
var<workgroup> loads: array<u32, THREADS>;
var<workgroup> used: array<u32, THREADS>;
var<workgroup> left: u32;

fn barrier() {
  storageBarrier();
  workgroupBarrier();
}

// The mean over the rows of what the best column gives more than the mean one.
fn spread_of(thread: u32) -> f32 {
  var sum = 0.0;
  for (var t = thread; t < p.rows; t += THREADS) {
    var best = LOWEST;
    var all = 0.0;
    for (var e = 0u; e < p.columns; e++) {
      let v = x[t * p.pitch + e];
      best = max(best, v);
      all += v;
    }
    sum += best - all / f32(p.columns);
  }
  parts[thread] = sum;
  barrier();
  var spread = 0.0;
  for (var i = 0u; i < THREADS; i++) { spread += parts[i]; }
  barrier();
  return max(spread / f32(p.rows), 1e-30);
}

// Prices at which columns are wanted equally: rows and columns of exp(sharp (x - price)) in turn.
fn update_prices(thread: u32, sharp: f32) {
  for (var t = thread; t < p.rows; t += THREADS) {
    var best = LOWEST;
    for (var e = 0u; e < p.columns; e++) {
      best = max(best, sharp * (x[t * p.pitch + e] - prices[e]));
    }
    var sum = 0.0;
    for (var e = 0u; e < p.columns; e++) {
      sum += exp(sharp * (x[t * p.pitch + e] - prices[e]) - best);
    }
    numbers[t] = best + log(sum);
  }
  barrier();
  let slices = THREADS / p.columns;
  let e = thread % p.columns;
  let slice = thread / p.columns;
  var mass = 0.0;
  if (slice < slices) {
    for (var t = slice; t < p.rows; t += slices) {
      mass += exp(sharp * (x[t * p.pitch + e] - prices[e]) - numbers[t]);
    }
  }
  parts[thread] = mass;
  barrier();
  if (thread < p.columns) {
    var all = 0.0;
    for (var i = 0u; i < slices; i++) { all += parts[i * p.columns + thread]; }
    let share = max(all, 1e-30) * f32(p.columns) / f32(p.rows);
    prices[thread] += log(share) / sharp;
  }
  barrier();
}

// Rows that have no column yet ask for the best that has room; a column takes them in order.
fn fill(thread: u32, room: u32) {
  for (var t = thread; t < p.rows; t += THREADS) {
    if (ids[t] < PROPOSED) { continue; }
    var best = LOWEST;
    var choice = p.columns;
    for (var e = 0u; e < p.columns; e++) {
      let v = x[t * p.pitch + e] - prices[e];
      if (loads[e] < room && (choice == p.columns || v > best)) {
        best = v;
        choice = e;
      }
    }
    ids[t] = PROPOSED | choice;
  }
  barrier();
  if (thread < p.columns) {
    var count = loads[thread];
    for (var t = 0u; t < p.rows && count < room; t++) {
      if (ids[t] == (PROPOSED | thread)) {
        ids[t] = thread;
        members[thread * p.capacity + count] = t;
        count++;
      }
    }
    loads[thread] = count;
  }
  barrier();
  if (thread == 0u) {
    var filled = 0u;
    for (var e = 0u; e < p.columns; e++) { filled += loads[e]; }
    left = min(p.rows, room * p.columns) - filled;
  }
}

// What the best row of each column gains by going to each other one. A column with fewer rows may give
// its free place instead of one.
fn find_gains(thread: u32) {
  for (var pair = thread; pair < p.columns * p.columns; pair += THREADS) {
    let e = pair / p.columns;
    let f = pair % p.columns;
    var best = select(LOWEST, 0.0, loads[e] < loads[f]);
    var place = select(NOTHING, FREE, loads[e] < loads[f]);
    for (var i = 0u; i < loads[e]; i++) {
      let at = members[e * p.capacity + i] * p.pitch;
      let gain = x[at + f] - x[at + e];
      if (gain > best) {
        best = gain;
        place = i;
      }
    }
    numbers[pair] = best;
    members[p.columns * p.capacity + pair] = place;
  }
}

// A row goes to a column that has a place more; the last row of its column takes its place.
fn hand_over(e: u32, to: u32, place: u32) {
  let row = members[e * p.capacity + place];
  members[to * p.capacity + loads[to]] = row;
  ids[row] = to;
  loads[to]++;
  loads[e]--;
  members[e * p.capacity + place] = members[e * p.capacity + loads[e]];
}

// Columns in their order exchange rows with the partner that both gain most with.
fn swap(least: f32) {
  let pairs = p.columns * p.capacity;
  left = 0u;
  for (var e = 0u; e < p.columns; e++) { used[e] = 0u; }
  for (var e = 0u; e < p.columns; e++) {
    if (used[e] == 1u) { continue; }
    var best = least;
    var partner = e;
    for (var f = 0u; f < p.columns; f++) {
      let there = e * p.columns + f;
      let back = f * p.columns + e;
      let gain = numbers[there] + numbers[back];
      if (f == e || used[f] == 1u || members[pairs + there] == NOTHING) { continue; }
      if (members[pairs + back] != NOTHING && gain > best) {
        best = gain;
        partner = f;
      }
    }
    if (partner == e) { continue; }
    used[e] = 1u;
    used[partner] = 1u;
    left++;
    let here = members[pairs + e * p.columns + partner];
    let there = members[pairs + partner * p.columns + e];
    if (there == FREE) {
      hand_over(e, partner, here);
    } else if (here == FREE) {
      hand_over(partner, e, there);
    } else {
      let row = members[e * p.capacity + here];
      let other = members[partner * p.capacity + there];
      members[e * p.capacity + here] = other;
      members[partner * p.capacity + there] = row;
      ids[other] = e;
      ids[row] = partner;
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  prices[thread] = 0.0;
  loads[thread] = 0u;
  for (var t = thread; t < p.rows; t += THREADS) { ids[t] = PROPOSED; }
  let spread = spread_of(thread);
  var sharp = 2.0 / spread;
  for (var i = 0u; i < p.sharpenings; i++) {
    for (var j = 0u; j < p.updates; j++) { update_prices(thread, sharp); }
    sharp *= 2.0;
  }
  // All columns are filled to the same load before some take one more.
  for (var room = p.rows / p.columns; room <= p.capacity; room++) {
    loop {
      fill(thread, room);
      if (workgroupUniformLoad(&left) == 0u) { break; }
    }
  }
  for (var i = 0u; i < p.swaps; i++) {
    find_gains(thread);
    barrier();
    if (thread == 0u) { swap(1e-6 * spread); }
    barrier();
    if (workgroupUniformLoad(&left) == 0u) { break; }
  }
}
