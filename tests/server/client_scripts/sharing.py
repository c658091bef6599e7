"""Share a task with a second user, hand it over, and look at it from both sides."""

import datarobot as dr
from datarobot.utils.pagination import unpaginate
from seeing import given, new_task, refused, tell

ROLE = dr.enums.SHARING_ROLE


def shown(task: dr.CustomTask) -> list[list[object]]:
    return sorted([access.username, access.role, access.can_share] for access in task.get_access_list())


owner = dr.Client()
task = new_task()
me = task.get_access_list()[0].username
alone = shown(task)
task.share([dr.SharingAccess(given["other"], ROLE.READ_ONLY, can_share=False)])
shared = shown(task)
pages = [entry["username"] for entry in unpaginate(f"customTasks/{task.id}/accessControl/", {"limit": 1}, owner)]

other = dr.Client(token=given["other_token"], endpoint=given["endpoint"])
theirs = dr.CustomTask.get(task.id)
as_reader = {
    "name": theirs.name,
    "listed": [listed.id for listed in dr.CustomTask.list()] == [task.id],
    "update": refused(theirs.update, name="Mine"),
    "delete": refused(theirs.delete),
    "share": refused(theirs.share, [dr.SharingAccess(given["other"], ROLE.OWNER)]),
}

dr.Client(token=given["token"], endpoint=given["endpoint"])
unknown = refused(task.share, [dr.SharingAccess(given["other"], None), dr.SharingAccess("nobody@example.com", "USER")])
no_owner = refused(task.share, [dr.SharingAccess(me, ROLE.READ_WRITE), dr.SharingAccess(given["other"], ROLE.EDITOR)])
after_refusals = shown(task)
task.share([dr.SharingAccess(given["other"], None)])
taken_away = shown(task)
task.share([dr.SharingAccess(me, None), dr.SharingAccess(given["other"], ROLE.OWNER, can_share=True)])
lost = refused(dr.CustomTask.get, task.id)

dr.Client(token=given["other_token"], endpoint=given["endpoint"])
handed_over = shown(task)
theirs.update(name="Mine")

tell(
    me=me,
    alone=alone,
    shared=shared,
    pages=sorted(pages),
    as_reader=as_reader,
    unknown=unknown,
    no_owner=no_owner,
    after_refusals=after_refusals,
    taken_away=taken_away,
    lost=lost,
    handed_over=handed_over,
    renamed=theirs.name,
)
