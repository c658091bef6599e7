"""Take logs and artifacts of trained models, predict with one, and train its blueprint once more."""

import pickle
import sys
import tarfile
from pathlib import Path

import datarobot as dr
import pandas as pd
from datarobot.models.modeljob import wait_for_async_model_creation
from seeing import given, refused, tell

LONGEST_WAIT_SECONDS = 120
REGRESSION = "regression_row_weights"


def predict(x: float) -> float:
    """Return what the downloaded regression predicts; the task's own module has the class."""
    sys.path.insert(0, given["task"])
    with tarfile.open(f"{REGRESSION}.artifact.tar.gz") as archive:
        artifact = archive.extractfile("drum_artifact.pkl")
        assert artifact is not None
        task = pickle.load(artifact)
    return float(task.predict(pd.DataFrame({"x": [x]}))["Predictions"].iloc[0])


client = dr.Client()
models = {name: dr.Model.get(project_id, model_id) for name, (project_id, model_id) in given["models"].items()}
for name, model in models.items():
    model.download_training_artifact(f"{name}.artifact.tar.gz")
    logs = client.get(f"projects/{model.project_id}/models/{model.id}/logs/")
    Path(f"{name}.logs.tar.gz").write_bytes(logs.content)

trained = models[REGRESSION]
job_id = dr.Project(trained.project_id).train(trained.blueprint_id)
job = dr.ModelJob.get(trained.project_id, job_id)
finished = wait_for_async_model_creation(trained.project_id, job_id, LONGEST_WAIT_SECONDS)
unknown = dr.Model(id="0123456789abcdef01234567", project_id=trained.project_id)

tell(
    types={name: model.model_type for name, model in models.items()},
    prediction=predict(100.0),
    again={"of the job": job.model_id, "of the model": finished.id},
    unknown=refused(unknown.download_training_artifact, "unknown.tar.gz"),
)
