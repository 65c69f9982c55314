// SPDX-License-Identifier: Apache-2.0
#include "vm/block_jobs.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::vm {

namespace {

/// A client that dismisses nothing does not fill memory.
constexpr std::size_t kMaxJobs = 1024;

}  // namespace

void BlockJobs::tell(const std::string& id, std::string_view status) const {
    listener_("JOB_STATUS_CHANGE", {{"id", id}, {"status", status}});
}

Result<> BlockJobs::run(const std::string& id, std::string_view type, const std::function<Result<>()>& work) {
    if (id.empty() || std::ranges::find(jobs_, id, &Job::id) != jobs_.end()) {
        return user_error(id.empty() ? "a job needs a name" : fmt::format("there is a job '{}' already", id),
                          "job-id=NAME, of which there is no other; job-dismiss forgets one that has ended");
    }
    if (jobs_.size() >= kMaxJobs) {
        return user_error(fmt::format("there are {} jobs that have ended", jobs_.size()), "job-dismiss forgets one");
    }
    tell(id, "created");
    tell(id, "running");
    const Result<> outcome = work();
    jobs_.push_back({id, std::string(type), outcome ? "" : outcome.error().message()});
    if (outcome) {
        tell(id, "waiting");
        tell(id, "pending");
    } else {
        tell(id, "aborting");
    }
    tell(id, "concluded");
    return ok();
}

Result<> BlockJobs::dismiss(const std::string& id) {
    if (std::erase_if(jobs_, [&](const Job& job) { return job.id == id; }) == 0) {
        return user_error(fmt::format("there is no job '{}'", id));
    }
    tell(id, "null");
    return ok();
}

state::Json BlockJobs::query() const {
    state::Json list = state::Json::array();
    for (const Job& job : jobs_) {
        state::Json one = {{"id", job.id},
                           {"type", job.type},
                           {"status", "concluded"},
                           {"current-progress", job.error.empty() ? 1 : 0},
                           {"total-progress", 1}};
        if (!job.error.empty()) {
            one["error"] = job.error;
        }
        list.push_back(std::move(one));
    }
    return list;
}

}  // namespace kelvin::vm
