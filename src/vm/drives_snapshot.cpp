// SPDX-License-Identifier: Apache-2.0
// External snapshots of drives while the machine runs, several at one moment.
#include <fmt/format.h>

#include <algorithm>

#include "vm/drives.h"

namespace kelvin::vm {

namespace {

/// One of several that are taken together.
struct Step {
    block::GraphNode* base = nullptr;
    block::GraphNode* overlay = nullptr;
    bool made = false;  // the overlay, for this
};

}  // namespace

Result<> Drives::snapshot(std::span<const DriveSnapshot> wanted) {
    Result<> outcome = ok();
    io_.call([&] { outcome = take_snapshots(wanted); });
    return outcome;
}

Drives::Entry* Drives::user_of(const block::GraphNode& node) const {
    const auto found = std::ranges::find_if(entries_, [&](const auto& entry) { return entry->node == &node; });
    return found == entries_.end() ? nullptr : found->get();
}

Result<block::GraphNode*> Drives::find_base(const DriveSnapshot& wanted) const {
    if (!wanted.node.empty()) {
        return graph_->get(wanted.node);
    }
    const auto found = std::ranges::find(entries_, wanted.drive, [](const auto& entry) { return entry->id; });
    if (wanted.drive.empty() || found == entries_.end()) {
        return unknown_drive(wanted.drive);
    }
    if ((*found)->node == nullptr) {
        return user_error(fmt::format("drive '{}' has no medium", wanted.drive));
    }
    return (*found)->node;
}

/// All of them or none: what can fail comes before the first one has an effect.
Result<> Drives::take_snapshots(std::span<const DriveSnapshot> wanted) {
    std::vector<Step> steps;
    Result<> outcome = ok();
    for (const DriveSnapshot& each : wanted) {
        Step step;
        outcome = prepare_snapshot(each, step.base, step.overlay);
        step.made = outcome && each.overlay.empty();
        if (outcome) {
            const bool again = std::ranges::any_of(
                steps, [&](const Step& other) { return other.base == step.base || other.overlay == step.overlay; });
            steps.push_back(step);
            if (again) {
                outcome =
                    user_error(fmt::format("node '{}' or '{}' is named twice", step.base->name, step.overlay->name));
            }
        }
        if (!outcome) {
            break;
        }
    }
    if (!outcome) {
        for (const Step& step : steps) {
            if (step.made) {
                graph_->forget(*step.overlay);
            }
        }
        return outcome;
    }
    for (const Step& step : steps) {
        Entry* const entry = user_of(*step.base);
        graph_->put_on(*step.base, *step.overlay);
        if (entry != nullptr) {
            entry->node = step.overlay;
            entry->drive->replace_node(step.overlay->block, step.overlay->discard, step.overlay->detect_zeroes);
        }
    }
    return ok();
}

/// The nodes; nothing of the base's drive is under way afterwards, and all that it wrote is durable.
Result<> Drives::prepare_snapshot(const DriveSnapshot& wanted, block::GraphNode*& base, block::GraphNode*& overlay) {
    base = KELVIN_TRY(find_base(wanted));
    Entry* const entry = user_of(*base);
    if (entry != nullptr) {
        entry->drive->settle();
    }
    KELVIN_TRY(graph_->flush(*base));
    if (!wanted.overlay.empty()) {
        overlay = KELVIN_TRY(graph_->get(wanted.overlay));
        return graph_->check_overlay(*base, *overlay, entry);
    }
    const std::string title = entry != nullptr ? entry->drive->name() : base->title;
    overlay = KELVIN_TRY(graph_->add_overlay(*base, {wanted.file, wanted.name, wanted.is_there}, title));
    if (auto checked = graph_->check_overlay(*base, *overlay, entry); !checked) {
        graph_->forget(*overlay);
        return checked;
    }
    return ok();
}

}  // namespace kelvin::vm
