"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "custom_tasks",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("target_type", sa.String(length=32), nullable=False),
        sa.Column("calibrate_predictions", sa.Boolean(), nullable=False),
        sa.Column("maximum_memory", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("latest_version_id", sa.String(length=24), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_tasks")),
    )
    with op.batch_alter_table("custom_tasks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custom_tasks_created_id"), ["created", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_custom_tasks_updated_id"), ["updated", "id"], unique=False)

    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=True),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_kind_subject"), ["kind", "subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_state_created"), ["state", "created"], unique=False)

    op.create_table(
        "repositories",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sa.UniqueConstraint("name", name=op.f("uq_repositories_name")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("can_create_tasks", sa.Boolean(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_users_token_sha256")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("featurelist_id", sa.String(length=24), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("autopilot_mode", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("target_type", sa.String(length=32), nullable=True),
        sa.Column("class_labels", sa.JSON(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=True),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_projects_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_projects_user_id_created"), ["user_id", "created"], unique=False)

    op.create_table(
        "task_roles",
        sa.Column("task_id", sa.String(length=24), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("can_share", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["custom_tasks.id"], name=op.f("fk_task_roles_task_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_task_roles_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "user_id", name=op.f("pk_task_roles")),
    )
    with op.batch_alter_table("task_roles", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_roles_user_id"), ["user_id"], unique=False)

    op.create_table(
        "task_versions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("task_id", sa.String(length=24), nullable=False),
        sa.Column("version_major", sa.BigInteger(), nullable=False),
        sa.Column("version_minor", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("base_environment_id", sa.Text(), nullable=True),
        sa.Column("base_environment_version_id", sa.Text(), nullable=True),
        sa.Column("maximum_memory", sa.BigInteger(), nullable=True),
        sa.Column("outbound_network_policy", sa.String(length=32), nullable=False),
        sa.Column("required_metadata", sa.JSON(), nullable=False),
        sa.Column("is_frozen", sa.Boolean(), nullable=False),
        sa.Column("dependencies", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["custom_tasks.id"], name=op.f("fk_task_versions_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_versions")),
        sa.UniqueConstraint(
            "task_id",
            "version_major",
            "version_minor",
            name=op.f("uq_task_versions_task_id_version_major_version_minor"),
        ),
    )
    op.create_table(
        "dependency_builds",
        sa.Column("version_id", sa.String(length=24), nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("ended", sa.DateTime(), nullable=True),
        sa.Column("log_sha256", sa.String(length=64), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["task_versions.id"], name=op.f("fk_dependency_builds_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_dependency_builds")),
        sa.UniqueConstraint("job_id", name=op.f("uq_dependency_builds_job_id")),
    )
    with op.batch_alter_table("dependency_builds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dependency_builds_image"), ["image"], unique=False)

    op.create_table(
        "models",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(length=24), nullable=False),
        sa.Column("blueprint_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=24), nullable=False),
        sa.Column("version_id", sa.String(length=24), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("sample_pct", sa.Double(), nullable=False),
        sa.Column("featurelist_id", sa.String(length=24), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("logs_sha256", sa.String(length=64), nullable=True),
        sa.Column("artifact_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_models_project_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["custom_tasks.id"], name=op.f("fk_models_task_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["task_versions.id"], name=op.f("fk_models_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("job_id", name=op.f("uq_models_job_id")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_models_project_id_number")),
    )
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_models_task_id"), ["task_id"], unique=False)

    op.create_table(
        "project_blueprints",
        sa.Column("project_id", sa.String(length=24), nullable=False),
        sa.Column("blueprint_id", sa.String(length=32), nullable=False),
        sa.Column("task_id", sa.String(length=24), nullable=False),
        sa.Column("version_id", sa.String(length=24), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_blueprints_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["custom_tasks.id"], name=op.f("fk_project_blueprints_task_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["task_versions.id"], name=op.f("fk_project_blueprints_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "blueprint_id", name=op.f("pk_project_blueprints")),
    )
    with op.batch_alter_table("project_blueprints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_blueprints_task_id"), ["task_id"], unique=False)

    op.create_table(
        "user_blueprints",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("blueprint_id", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.String(length=24), nullable=False),
        sa.Column("task_id", sa.String(length=24), nullable=False),
        sa.Column("version_id", sa.String(length=24), nullable=False),
        sa.Column("model_type", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["custom_tasks.id"], name=op.f("fk_user_blueprints_task_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_blueprints_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version_id"], ["task_versions.id"], name=op.f("fk_user_blueprints_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_blueprints")),
    )
    with op.batch_alter_table("user_blueprints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_blueprints_blueprint_id"), ["blueprint_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_blueprints_task_id"), ["task_id"], unique=False)

    op.create_table(
        "version_items",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("version_id", sa.String(length=24), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("file_source", sa.String(length=32), nullable=False),
        sa.Column("commit_sha", sa.Text(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("repository_file_path", sa.Text(), nullable=True),
        sa.Column("repository_location", sa.Text(), nullable=True),
        sa.Column("repository_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"], ["task_versions.id"], name=op.f("fk_version_items_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_items")),
        sa.UniqueConstraint("version_id", "file_path", name=op.f("uq_version_items_version_id_file_path")),
    )
    with op.batch_alter_table("version_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_items_sha256"), ["sha256"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("version_items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_items_sha256"))

    op.drop_table("version_items")
    with op.batch_alter_table("user_blueprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_blueprints_task_id"))
        batch_op.drop_index(batch_op.f("ix_user_blueprints_blueprint_id"))

    op.drop_table("user_blueprints")
    with op.batch_alter_table("project_blueprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_blueprints_task_id"))

    op.drop_table("project_blueprints")
    with op.batch_alter_table("models", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_models_task_id"))

    op.drop_table("models")
    with op.batch_alter_table("dependency_builds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dependency_builds_image"))

    op.drop_table("dependency_builds")
    op.drop_table("task_versions")
    with op.batch_alter_table("task_roles", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_roles_user_id"))

    op.drop_table("task_roles")
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_projects_user_id_created"))

    op.drop_table("projects")
    op.drop_table("users")
    op.drop_table("repositories")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_state_created"))
        batch_op.drop_index(batch_op.f("ix_jobs_kind_subject"))

    op.drop_table("jobs")
    op.drop_table("facts")
    with op.batch_alter_table("custom_tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_custom_tasks_updated_id"))
        batch_op.drop_index(batch_op.f("ix_custom_tasks_created_id"))

    op.drop_table("custom_tasks")
