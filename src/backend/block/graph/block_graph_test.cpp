// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/block_graph.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "backend/block/graph/graph_query.h"
#include "backend/block/qcow2/create.h"

namespace kelvin::block {
namespace {

using state::Json;

class BlockGraphTest : public testing::Test {
  protected:
    BlockGraphTest() : folder_(testing::TempDir() + "block_graph_test." + std::to_string(::getpid()) + "/") {
        std::filesystem::create_directories(folder_);
    }
    ~BlockGraphTest() override {
        graph_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string path(const std::string& name) const { return folder_ + name; }
    std::string make_raw(const std::string& name, u64 size) {
        auto& io = *graph_->io().value();
        auto file = FileNode::open(io, {.path = path(name), .lock = LockMode::writer, .create = true}).value();
        EXPECT_EQ(io.run(file->resize(size)), 0);
        return path(name);
    }
    std::string make_qcow2(const std::string& name, u64 size, const std::string& backing = {},
                           const std::string& format = {}) {
        auto& io = *graph_->io().value();
        auto file = FileNode::open(io, {.path = path(name), .lock = LockMode::writer, .create = true}).value();
        qcow2::CreateOptions options;
        options.size = size;
        options.backing_name = backing;
        options.backing_format = format;
        auto image = qcow2::create(io, file, options);
        EXPECT_TRUE(image) << image.error().message();
        EXPECT_EQ(io.run((*image)->close()), 0);
        return path(name);
    }
    GraphNode* add(const Json& options) {
        auto added = graph_->add(options);
        EXPECT_TRUE(added) << added.error().message();
        return added ? *added : nullptr;
    }
    std::string refusal(const Json& options) {
        const std::size_t before = graph_->nodes().size();
        auto added = graph_->add(options);
        EXPECT_FALSE(added);
        EXPECT_EQ(graph_->nodes().size(), before);
        return added ? "" : added.error().message();
    }
    static Json file(const std::string& name, const std::string& path) {
        return {{"driver", "file"}, {"node-name", name}, {"filename", path}};
    }

    std::unique_ptr<BlockGraph> graph_ = std::make_unique<BlockGraph>(nullptr);
    std::string folder_;
};

TEST_F(BlockGraphTest, NodesAreMadeByReferenceAndInside) {
    const std::string base = make_raw("base.img", 1 << 20);
    const std::string top = make_qcow2("top.qcow2", 1 << 20, "base.img", "raw");
    add(file("storage", top));
    const GraphNode* format =
        add({{"driver", "qcow2"}, {"node-name", "format"}, {"file", "storage"}, {"backing", nullptr}});
    ASSERT_NE(format, nullptr);
    EXPECT_EQ(format->storage, graph_->find("storage"));
    EXPECT_EQ(format->backing, nullptr);
    EXPECT_EQ(graph_->nodes().size(), 2U);
    EXPECT_TRUE(graph_->remove("format"));

    format = add({{"driver", "qcow2"}, {"node-name", "format"}, {"file", "storage"}});
    ASSERT_NE(format->backing, nullptr);
    EXPECT_EQ(format->backing->driver, "raw");
    EXPECT_EQ(format->backing->storage->block->path(), base);
    EXPECT_TRUE(format->backing->block->read_only());
    EXPECT_EQ(graph_->nodes().size(), 4U);
    EXPECT_TRUE(graph_->remove("format"));
    EXPECT_EQ(graph_->nodes().size(), 1U) << "nodes that were made for another go with it";
    EXPECT_TRUE(graph_->remove("storage"));

    const Json inside = {{"driver", "qcow2"},
                         {"node-name", "all"},
                         {"file", {{"driver", "file"}, {"filename", top}, {"node-name", "inner"}}},
                         {"backing", {{"driver", "raw"}, {"file", {{"driver", "file"}, {"filename", base}}}}}};
    format = add(inside);
    EXPECT_EQ(graph_->find("inner")->title, "node 'inner'");
    EXPECT_NE(graph_->remove("inner").error().what.find("is in use by node 'all'"), std::string::npos);
    EXPECT_TRUE(graph_->remove("all"));
    EXPECT_TRUE(graph_->nodes().empty());
}

TEST_F(BlockGraphTest, AWriterHasItAlone) {
    const std::string image = make_qcow2("a.qcow2", 1 << 20);
    add(file("s", image));
    add({{"driver", "qcow2"}, {"node-name", "a"}, {"file", "s"}});
    EXPECT_NE(refusal({{"driver", "qcow2"}, {"node-name", "b"}, {"file", "s"}})
                  .find("node 's' is used by node 'a' and node 'b'"),
              std::string::npos);
    EXPECT_NE(refusal({{"driver", "qcow2"}, {"node-name", "c"}, {"file", {{"driver", "file"}, {"filename", image}}}})
                  .find("image '" + image + "' is used by node 's' and node 'c'"),
              std::string::npos);
    EXPECT_TRUE(graph_->remove("a"));
    add({{"driver", "qcow2"}, {"node-name", "r1"}, {"file", "s"}, {"read-only", true}});
    add({{"driver", "qcow2"}, {"node-name", "r2"}, {"file", "s"}, {"read-only", true}});
    EXPECT_FALSE(graph_->add({{"driver", "qcow2"}, {"node-name", "w"}, {"file", "s"}}));
}

TEST_F(BlockGraphTest, FilesAreLockedAsTheirUsersNeed) {
    auto& io = *graph_->io().value();
    const std::string raw = make_raw("a.img", 1 << 20);
    GraphNode* const node = add({{"driver", "raw"}, {"node-name", "a"}, {"file", file("s", raw)}});
    const auto can_write = [&] { return bool(FileNode::open(io, {.path = raw, .lock = LockMode::writer})); };
    const auto can_read = [&] {
        return bool(FileNode::open(io, {.path = raw, .read_only = true, .lock = LockMode::reader}));
    };
    EXPECT_TRUE(can_write());
    const int user = 0;
    EXPECT_TRUE(graph_->claim(*node, {&user, "a disk", Access::read}));
    EXPECT_FALSE(can_write());
    EXPECT_TRUE(can_read());
    graph_->release(*node, &user);
    EXPECT_TRUE(can_write());
    EXPECT_TRUE(graph_->claim(*node, {&user, "a disk", Access::write}));
    EXPECT_FALSE(can_read());
    EXPECT_NE(graph_->remove("a").error().what.find("is in use by a disk"), std::string::npos);
    graph_->release(*node, &user);
    {
        const auto other = FileNode::open(io, {.path = raw, .read_only = true, .lock = LockMode::reader});
        const auto claimed = graph_->claim(*node, {&user, "a disk", Access::write});
        ASSERT_FALSE(claimed);
        EXPECT_NE(claimed.error().what.find("is in use by this process itself"), std::string::npos);
        EXPECT_TRUE(node->users.empty());
        EXPECT_TRUE(graph_->claim(*node, {&user, "a disk", Access::read}));
    }
    graph_->release(*node, &user);
}

TEST_F(BlockGraphTest, APartOfAFileIsADisk) {
    auto& io = *graph_->io().value();
    const std::string raw = make_raw("a.img", 1 << 20);
    GraphNode* const node =
        add({{"driver", "raw"}, {"node-name", "part"}, {"offset", 4096}, {"size", "8k"}, {"file", file("s", raw)}});
    const int user = 0;
    ASSERT_TRUE(graph_->claim(*node, {&user, "a disk", Access::write}));
    EXPECT_EQ(node->block->size(), 8192U);
    std::vector<u8> data(512, 7);
    const SingleBuffer buffer(data);
    EXPECT_EQ(io.run(node->block->write(512, buffer.buffers())), 0);
    std::vector<u8> back(512);
    const SingleBuffer into(back);
    EXPECT_EQ(io.run(graph_->find("s")->block->read(4608, into.buffers())), 0);
    EXPECT_EQ(back, data);
    EXPECT_EQ(io.run(node->block->resize(4096)), EOPNOTSUPP);
    DirectRequest direct;
    EXPECT_TRUE(node->block->begin_direct(512, 512, true, direct));
    EXPECT_EQ(direct.offset, 4608U);
    node->block->end_direct(direct);
    EXPECT_NE(refusal({{"driver", "raw"}, {"node-name", "x"}, {"offset", 1 << 20}, {"size", 512}, {"file", "s"}})
                  .find("reaches beyond"),
              std::string::npos);
    graph_->release(*node, &user);
}

TEST_F(BlockGraphTest, MistakesAreNamed) {
    const std::string raw = make_raw("a.img", 1 << 20);
    const auto says = [&](const Json& options, const std::string& words) {
        const std::string text = refusal(options);
        EXPECT_NE(text.find(words), std::string::npos) << text;
    };
    says({{"driver", "file"}, {"filename", raw}}, "needs a name");
    says({{"driver", "qcow3"}, {"node-name", "a"}}, "did you mean 'qcow2'?");
    says({{"driver", "file"}, {"node-name", "1a"}, {"filename", raw}}, "cannot be a node's name");
    says({{"driver", "file"}, {"node-name", "a"}, {"filename", path("none")}}, "No such file");
    says({{"driver", "file"}, {"node-name", "a"}, {"filename", raw}, {"pr-manager", "x"}}, "no option 'pr-manager'");
    says({{"driver", "host_device"}, {"node-name", "a"}, {"filename", raw}}, "is not a block device");
    says({{"driver", "raw"}, {"node-name", "a"}, {"file", "b"}}, "there is no block node 'b'");
    says({{"driver", "raw"}, {"node-name", "a"}, {"file", "a"}}, "refers to itself");
    says({{"driver", "raw"}, {"node-name", "a"}}, "has no file");
    says({{"driver", "raw"}, {"node-name", "a"}, {"force-share", true}, {"file", file("b", raw)}}, "read-only");
    says({{"driver", "qcow2"}, {"node-name", "a"}, {"file", file("b", raw)}}, "is not a qcow2 image");
    says({{"driver", "raw"},
          {"node-name", "a"},
          {"file", {{"driver", "file"}, {"filename", raw}, {"detect-zeroes", "on"}}}},
         "detect-zeroes");
    add(file("s", raw));
    says(file("s", raw), "already");
    EXPECT_NE(graph_->remove("t").error().message().find("there is no block node 't'"), std::string::npos);
}

TEST_F(BlockGraphTest, ImagesBehindThemselvesAreFound) {
    make_qcow2("a.qcow2", 1 << 20, "b.qcow2", "qcow2");
    make_qcow2("b.qcow2", 1 << 20, "a.qcow2", "qcow2");
    EXPECT_NE(refusal({{"driver", "qcow2"}, {"node-name", "a"}, {"file", file("s", path("a.qcow2"))}})
                  .find("is behind itself"),
              std::string::npos);
}

TEST_F(BlockGraphTest, NullsAreZeroesAndQueriesTellOfNodes) {
    add({{"driver", "null-co"}, {"node-name", "zeroes"}, {"size", "1M"}});
    make_qcow2("base.qcow2", 1 << 20);
    const std::string top = make_qcow2("top.qcow2", 2 << 20, "base.qcow2", "qcow2");
    add(file("s", top));
    add({{"driver", "qcow2"}, {"node-name", "f"}, {"file", "s"}});
    const Json list = describe_nodes(*graph_, true);
    ASSERT_EQ(list.size(), 5U);
    EXPECT_EQ(list[0]["node-name"], "f");
    EXPECT_EQ(list[0]["drv"], "qcow2");
    EXPECT_EQ(list[0]["backing_file_depth"], 1);
    EXPECT_EQ(list[0]["image"]["virtual-size"], 2 << 20);
    EXPECT_EQ(list[0]["image"]["backing-filename"], "base.qcow2");
    EXPECT_EQ(list[0]["image"]["full-backing-filename"], path("base.qcow2"));
    EXPECT_EQ(list[0]["image"]["backing-image"]["filename"], path("base.qcow2"));
    EXPECT_EQ(list[0]["image"]["format-specific"]["data"]["compat"], "1.1");
    EXPECT_FALSE(describe_nodes(*graph_, false)[0]["image"].contains("backing-image"));
    EXPECT_EQ(list[4]["drv"], "null-co");
    EXPECT_EQ(describe_node_statistics(*graph_->find("f"))["parent"]["node-name"], "s");
}

}  // namespace
}  // namespace kelvin::block
