// taken.h: what was handed in by name is admitted once (docs/formats/drop.md).
//
// Q/taken/<submission> is written in the commit that admits the letter and required to be absent
// there, so whoever hands in a file, crashes, and hands it in again cannot deliver it twice.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "mail/time.h"
#include "runtime/task.h"
#include "store/store.h"

namespace posta::mta {

std::string taken_key(std::string_view submission);
std::string encode_taken(WallTime when);
Result<WallTime> decode_taken(std::string_view record);

// Forgets what was taken before `before`, but for those in `keep`. Returns how many.
runtime::Task<Result<std::size_t>> forget_taken(store::Store& store, WallTime before,
                                                std::set<std::string> keep);

}  // namespace posta::mta
