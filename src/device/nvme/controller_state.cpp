// SPDX-License-Identifier: Apache-2.0
// What is saved of a controller: registers, the namespaces that it has, and, of one that is enabled, its queues.
#include <fmt/format.h>

#include <algorithm>

#include "device/nvme/request.h"
#include "state/saved_state.h"

namespace kelvin::device::nvme {

namespace {

/// A namespace is told by these; what is on it is the disk's to keep.
struct SavedSpace {
    u32 id = 0;
    u64 blocks = 0;
    u64 block_size = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id);
        visit("blocks", blocks);
        visit("block_size", block_size);
    }
    bool operator==(const SavedSpace&) const = default;
    std::string text() const { return fmt::format("namespace {} with {} blocks of {} bytes", id, blocks, block_size); }
};

struct SavedSubmissions {
    u16 id = 0;
    u16 completions = 0;
    u32 size = 0;
    u64 base = 0;
    u32 head = 0;
    u32 tail = 0;  ///< as the host rang last

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id);
        visit("completions", completions);
        visit("size", size);
        visit("base", base);
        visit("head", head);
        visit("tail", tail);
    }
};

struct SavedCompletions {
    u16 id = 0;
    u32 size = 0;
    u64 base = 0;
    u16 vector = 0;
    bool interrupts = false;
    u32 head = 0;  ///< as the host rang last
    u32 tail = 0;
    bool phase = true;
    std::vector<Completion> waiting;  ///< for a free place

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id);
        visit("size", size);
        visit("base", base);
        visit("vector", vector);
        visit("interrupts", interrupts);
        visit("head", head);
        visit("tail", tail);
        visit("phase", phase);
        visit("waiting", waiting);
    }
};

/// Of queues or namespaces: ascending, the last below `end`.
template <class T>
bool are_numbered(const std::vector<T>& list, std::size_t end) {
    return std::ranges::is_sorted(list, std::ranges::less_equal{}, &T::id) && (list.empty() || list.back().id < end);
}

template <class T>
const T* find_id(const std::vector<T>& list, u16 id) {
    const auto found = std::ranges::find(list, id, &T::id);
    return found != list.end() ? &*found : nullptr;
}

/// What a host's writes go through, too, when it makes a queue; `largest` is of those that are not the admin queues.
template <class T>
Result<> check_queue(const T& queue, u32 largest) {
    constexpr u32 kLargestAdmin = 4096;
    const u32 most = queue.id == 0 ? kLargestAdmin : largest;
    if (queue.size < 2 || queue.size > most) {
        return user_error(
            fmt::format("queue {} has {} entries, which is not from 2 to {}", queue.id, queue.size, most));
    }
    if (queue.head >= queue.size || queue.tail >= queue.size) {
        return user_error(
            fmt::format("queue {} stands at {} and {} of {} entries", queue.id, queue.head, queue.tail, queue.size));
    }
    return ok();
}

}  // namespace

/// Of a controller that is ready.
struct Controller::SavedQueues {
    u64 page_size = 4096;
    Features features;
    std::vector<SavedSubmissions> submissions;  // ascending, as the next
    std::vector<SavedCompletions> completions;
    std::vector<Event> events;
    u32 masked_events = 0;
    std::vector<u16> event_requests;
    std::vector<u32> changed;  // namespaces, ascending

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("page_size", page_size);
        visit("features", features);
        visit("submissions", submissions);
        visit("completions", completions);
        visit("events", events);
        visit("masked_events", masked_events);
        visit("event_requests", event_requests);
        visit("changed", changed);
    }
};

struct Controller::Saved {
    u32 configuration = 0;
    u32 status = 0;
    u32 mask = 0;
    u32 admin_attributes = 0;
    u64 admin_submissions = 0;
    u64 admin_completions = 0;
    std::vector<SavedSpace> namespaces;
    Statistics statistics;
    std::vector<ErrorEntry> errors;
    std::optional<SavedQueues> ready;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("configuration", configuration);
        visit("status", status);
        visit("mask", mask);
        visit("admin_attributes", admin_attributes);
        visit("admin_submissions", admin_submissions);
        visit("admin_completions", admin_completions);
        visit("namespaces", namespaces);
        visit("statistics", statistics);
        visit("errors", errors);
        visit("ready", ready);
    }
    Result<> check() const {
        if ((configuration & ~cc::kWritable) != 0 || (admin_attributes & ~kAdminSizesWritable) != 0 ||
            ((admin_submissions | admin_completions) & 0xfff) != 0) {
            return user_error("a register has bits that no host can set");
        }
        // 3.1.6: enabled, it is ready or has failed; no shutdown is under way when a controller is saved.
        const u32 known = csts::kReady | csts::kFatal | csts::kShutdownComplete;
        const bool failed = (status & csts::kFatal) != 0;
        const bool is_ready = (status & csts::kReady) != 0;
        const bool enabled = (configuration & cc::kEnable) != 0;
        if ((status & ~known) != 0 || (failed && is_ready) || enabled != (failed || is_ready)) {
            return user_error(fmt::format("status {:#x} does not go with configuration {:#x}", status, configuration));
        }
        if (is_ready != ready.has_value()) {
            return user_error(is_ready ? "it is ready, and has no queues" : "it has queues, and is not ready");
        }
        if (errors.size() > kErrorEntries) {
            return user_error(fmt::format("{} errors are more than the log's {}", errors.size(), kErrorEntries));
        }
        return ok();
    }
};

/// Commands that the disks work on are carried out; those that the host has not been told of by then wait for room.
void Controller::quiesce() {
    for (const auto& [id, space] : spaces_) {
        space->disk().settle();
    }
    report_bad_rings();
}

Result<> Controller::check_savable() const {
    for (const auto& [id, space] : spaces_) {
        KELVIN_TRY(backend::check_savable(space->disk()));
    }
    return ok();
}

Controller::SavedQueues Controller::save_queues() const {
    SavedQueues saved;
    saved.page_size = page_size_;
    saved.features = features_;
    for (const auto& queue : submissions_) {
        if (queue != nullptr) {
            saved.submissions.push_back({queue->id, queue->completions, queue->size, queue->base.value, queue->head,
                                         doorbells_[2 * std::size_t{queue->id}].value()});
        }
    }
    for (u16 id = 0; id < completions_.size(); ++id) {
        if (CompletionQueue* const queue = completions_[id].get(); queue != nullptr) {
            saved.completions.push_back({id,
                                         queue->size(),
                                         queue->base().value,
                                         queue->vector,
                                         queue->interrupts,
                                         queue->head().value(),
                                         queue->tail(),
                                         queue->phase(),
                                         {queue->waiting.begin(), queue->waiting.end()}});
        }
    }
    saved.events = events_;
    saved.masked_events = masked_events_;
    saved.event_requests = event_requests_;
    saved.changed.assign(changed_.begin(), changed_.end());
    return saved;
}

state::Json Controller::save() const {
    Saved saved;
    for (const auto& [id, space] : spaces_) {
        saved.namespaces.push_back({id, space->blocks(), space->block_size()});
    }
    saved.status = status_;
    saved.mask = mask_;
    saved.statistics = statistics_;
    saved.errors = errors_;
    if (running_) {
        saved.ready = save_queues();
    }
    const std::lock_guard lock(lock_);
    saved.configuration = configuration_;
    saved.admin_attributes = admin_attributes_;
    saved.admin_submissions = admin_submissions_;
    saved.admin_completions = admin_completions_;
    return state::save_state(saved);
}

Result<> Controller::check(const Saved& saved) const {
    KELVIN_TRY(check_spaces(saved));
    if (saved.ready) {
        if (const auto queues = check_run(*saved.ready); !queues) {
            return state::in_front(".ready: ", queues.error());
        }
    }
    return ok();
}

Result<> Controller::check_spaces(const Saved& saved) const {
    auto here = spaces_.begin();
    for (std::size_t index = 0; index < std::max(saved.namespaces.size(), spaces_.size()); ++index) {
        std::string has = "none more";
        std::string had = "none more";
        if (here != spaces_.end()) {
            has = SavedSpace{here->first, here->second->blocks(), here->second->block_size()}.text();
            ++here;
        }
        if (index < saved.namespaces.size()) {
            had = saved.namespaces[index].text();
        }
        if (has != had) {
            return user_error(fmt::format(".namespaces[{}]: there was {}; this controller has {}", index, had, has),
                              "use the same disks");
        }
    }
    return ok();
}

Result<> Controller::check_run(const SavedQueues& saved) const {
    if (!are_numbered(saved.submissions, submissions_.size()) ||
        !are_numbered(saved.completions, completions_.size()) || find_id(saved.submissions, 0) == nullptr ||
        find_id(saved.completions, 0) == nullptr) {
        return user_error(fmt::format("the queues are not numbered from 0 to {} at most", submissions_.size() - 1));
    }
    for (const SavedSubmissions& queue : saved.submissions) {
        KELVIN_TRY(check_queue(queue, options_.largest_queue));
        // 5.4: the admin queues belong together, and to no other.
        if (find_id(saved.completions, queue.completions) == nullptr || (queue.id == 0) != (queue.completions == 0)) {
            return user_error(fmt::format("queue {} has its completions in {}", queue.id, queue.completions));
        }
    }
    for (const SavedCompletions& queue : saved.completions) {
        KELVIN_TRY(check_queue(queue, options_.largest_queue));
        if (queue.vector >= options_.vectors || (queue.id == 0 && (queue.vector != 0 || !queue.interrupts))) {
            return user_error(fmt::format("queue {} cannot interrupt by vector {}", queue.id, queue.vector));
        }
    }
    const auto is_unknown = [](const Event& event) { return event.type > kNoticeType; };
    if (std::ranges::any_of(saved.events, is_unknown) || saved.masked_events >= u32{1} << (kNoticeType + 1) ||
        saved.event_requests.size() > options_.event_request_limit + std::size_t{1}) {
        return user_error("the events are none that there can be, or more requests wait for them than may");
    }
    const auto& uncoalesced = saved.features.uncoalesced;
    if (!std::ranges::is_sorted(uncoalesced, std::ranges::less_equal{}) ||
        (!uncoalesced.empty() && uncoalesced.back() >= options_.vectors) ||
        (saved.features.events & ~Features::kEventsMask) != 0) {
        return user_error("the features are none that a host can set");
    }
    if (!std::ranges::is_sorted(saved.changed, std::ranges::less_equal{}) ||
        (!saved.changed.empty() && (saved.changed.front() == 0 || saved.changed.back() > kMaxNamespaces))) {
        return user_error("the changed namespaces are none that there can be");
    }
    return check_waiting(saved);
}

/// A queue has no more commands in work than entries, but for requests for events, which leave it while they wait.
Result<> Controller::check_waiting(const SavedQueues& saved) const {
    std::vector<std::size_t> waiting(submissions_.size());
    for (const SavedCompletions& queue : saved.completions) {
        for (const Completion& completion : queue.waiting) {
            const SavedSubmissions* const from = find_id(saved.submissions, completion.submission_queue);
            if (from == nullptr || from->completions != queue.id) {
                return user_error(
                    fmt::format("queue {} has a completion of queue {}", queue.id, completion.submission_queue));
            }
            const std::size_t most = from->size + (from->id == 0 ? options_.event_request_limit + std::size_t{1} : 0);
            if (++waiting[from->id] > most) {
                return user_error(fmt::format("more than {} commands of queue {} wait for room", most, from->id));
            }
        }
    }
    return ok();
}

Result<> Controller::load(const state::Json& json) {
    Saved saved;
    KELVIN_TRY(state::load_state("", json, saved));
    KELVIN_TRY(check(saved));
    stop();
    {
        const std::lock_guard lock(lock_);
        configuration_ = saved.configuration;
        admin_attributes_ = saved.admin_attributes;
        admin_submissions_ = saved.admin_submissions;
        admin_completions_ = saved.admin_completions;
    }
    mask_ = saved.mask;
    statistics_ = saved.statistics;
    errors_ = saved.errors;
    if (saved.ready) {
        if (const auto opened = reopen(*saved.ready); !opened) {
            return state::in_front(".ready", opened.error());
        }
    }
    status_ = saved.status;
    update_line();
    return ok();
}

Result<> Controller::reopen(const SavedQueues& saved) {
    const unsigned page_bits = static_cast<unsigned>(std::countr_zero(saved.page_size));
    if (!std::has_single_bit(saved.page_size) || page_bits < 12 || page_bits > kLargestPageBits) {
        return user_error(fmt::format(".page_size: {} is none that there is", saved.page_size));
    }
    running_ = true;
    page_size_ = saved.page_size;
    features_ = saved.features;
    events_ = saved.events;
    masked_events_ = saved.masked_events;
    event_requests_ = saved.event_requests;
    changed_ = {saved.changed.begin(), saved.changed.end()};
    const auto nowhere = [](const auto& queue) {
        return user_error(fmt::format(": queue {} is not in RAM, or not at a page's beginning", queue.id));
    };
    for (const SavedCompletions& queue : saved.completions) {
        if (!open_completion_queue(queue.id, queue.base, queue.size)) {
            return nowhere(queue);
        }
        CompletionQueue& opened = *completions_[queue.id];
        opened.vector = queue.vector;
        opened.interrupts = queue.interrupts;
        opened.head().ring(queue.head);
        opened.place_tail(queue.tail, queue.phase);
        opened.waiting.assign(queue.waiting.begin(), queue.waiting.end());
    }
    for (const SavedSubmissions& queue : saved.submissions) {
        if (!open_submission_queue(queue.id, queue.completions, queue.base, queue.size)) {
            return nowhere(queue);
        }
        submissions_[queue.id]->head = queue.head;
        doorbells_[2 * std::size_t{queue.id}].ring(queue.tail);
        pending_[queue.id] = true;
        for (const Completion& completion : completions_[queue.completions]->waiting) {
            submissions_[queue.id]->in_flight += completion.submission_queue == queue.id ? 1 : 0;
        }
    }
    schedule();
    return ok();
}

}  // namespace kelvin::device::nvme
