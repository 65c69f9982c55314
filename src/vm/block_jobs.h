// SPDX-License-Identifier: Apache-2.0
// What is done to block nodes on a client's behalf, and how that ended: QMP's jobs. Control loop's thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/json.h"

namespace kelvin::vm {

class BlockJobs {
  public:
    /// Told QMP's JOB_STATUS_CHANGE.
    using Listener = std::function<void(std::string_view event, state::Json data)>;
    explicit BlockJobs(Listener listener) : listener_(std::move(listener)) {}

    /// Does `work` at once, and keeps how it ended until dismiss(). An error if there is a job of that name.
    Result<> run(const std::string& id, std::string_view type, const std::function<Result<>()>& work);
    Result<> dismiss(const std::string& id);
    /// The result of query-jobs.
    state::Json query() const;

  private:
    struct Job {
        std::string id;
        std::string type;
        std::string error;  // empty: none
    };
    void tell(const std::string& id, std::string_view status) const;

    const Listener listener_;
    std::vector<Job> jobs_;
};

}  // namespace kelvin::vm
